/**
 * Normalized components of containers and router workers.
 *
 * @module
 */

import type { PythonOptions, PythonPart } from "./process-config.ts";

/** A component of a container, or of a router worker. */
export interface ComponentConfig {
  id: string;
  type: "class" | "function" | "wamplet";
  realm: string;
  /** Of a router's component. */
  role?: string;
  /** `package.module.Class`, for `class`. */
  classname?: string;
  /** Event -> `module.function`, for `function`. */
  callbacks?: Record<string, string>;
  /** Python package and entry point, for `wamplet`. */
  package?: string;
  entrypoint?: string;
  /** JSON of an object, with the digits of the file. */
  extra: string;
  /** Parts of `extra`, inner ones first; absent: none. */
  parts?: PythonPart[];
  /** How a container's component connects, in autobahn's terms; files are absolute. */
  transport: Record<string, unknown>;
}

/** The components of a router worker: they join its own realms. */
export interface RouterComponentsConfig {
  list: ComponentConfig[];
  options: PythonOptions;
}
