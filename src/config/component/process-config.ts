/**
 * Normalized options of the processes that the node starts, and values for code in Python.
 *
 * @module
 */

/** The environment of a process. */
export interface EnvironmentConfig {
  /** All variables of the node, none, or those with these names. */
  inherit: boolean | string[];
  /** Set on top. */
  vars: Record<string, string>;
}

/** How components are run. */
export interface PythonOptions {
  /** File of the interpreter; absent: found in the environment. */
  python?: string;
  /** Absolute folders in which modules are searched first. */
  pythonpath: string[];
  env: EnvironmentConfig;
  /** Title of the process; absent: by the type of the worker. */
  title?: string;
  /** Processors by number; empty: all. */
  cpu_affinity: number[];
  /** Time for all components of the worker to become ready, in milliseconds. */
  ready_timeout: number;
}

/** What a component or an authenticator loads: `module.name`, or an entry point of a package. */
export type PythonName = { name: string } | { package: string; entrypoint: string };

/** A part of a value for which JSON has none, made in Python in the place of what JSON has there. */
export interface PythonPart {
  path: (string | number)[];
  /** A `set` is made of the list in its place. */
  type: "date" | "datetime" | "bytes" | "set";
  /** ISO 8601 for dates, base64 for octets. */
  text: string;
}
