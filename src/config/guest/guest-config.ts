/**
 * Normalized guests.
 *
 * @module
 */

import type { EnvironmentConfig } from "#config/component/process-config.ts";
import type { RestartMode } from "#config/node/worker-options-config.ts";

/** `type: guest`: any program, which the node starts and ends. */
export interface GuestWorkerConfig {
  type: "guest";
  id: string;
  /** A file below `options.workdir`, or a program in PATH. */
  executable: string;
  arguments: string[];
  options: GuestOptions;
}

/** How a guest is run. */
export interface GuestOptions {
  /** Absolute. */
  workdir: string;
  env: EnvironmentConfig;
  /** `pipe`: an open pipe to which nothing is written; else one JSON value is written. */
  stdin: "close" | "pipe" | { text: string; close: boolean };
  stdout: OutputHandling;
  stderr: OutputHandling;
  /** Null: no folder is watched. */
  watch: WatchConfig | null;
  restart: RestartMode;
}

/** What becomes of a guest's output; both `close` and `drop` discard it. */
export type OutputHandling = "log" | "close" | "drop";

/** Folders whose changes restart a guest. */
export interface WatchConfig {
  /** Absolute; watched with all folders below them. */
  directories: string[];
  action: "restart" | null;
  /** Time without a further change before the restart, in milliseconds. */
  timeout: number;
}
