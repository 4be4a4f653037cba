/**
 * Normalized containers.
 *
 * @module
 */

import type { ComponentConfig } from "./component-config.ts";
import type { PythonOptions } from "./process-config.ts";

/** `type: container`: components in Python, which join routers as clients. */
export interface ContainerWorkerConfig {
  type: "container";
  id: string;
  options: PythonOptions & ContainerOptions;
  components: ComponentConfig[];
}

/** When a container ends, and which components are started again. */
export interface ContainerOptions {
  shutdown:
    | "shutdown-manual"
    | "shutdown-on-last-component-stopped"
    | "shutdown-on-any-component-stopped"
    | "shutdown-on-any-component-failed";
  restart: "restart-never" | "restart-always" | "restart-on-failed";
}
