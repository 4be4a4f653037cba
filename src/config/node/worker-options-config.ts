/**
 * Normalized options of a worker's process.
 *
 * @module
 */

import type { EnvironmentConfig } from "#config/component/process-config.ts";

/** How the process of a worker of this program is run. */
export interface WorkerOptions {
  /** The name of the process; absent: that of the program. */
  title?: string;
  /** Processors by number; empty: all. */
  cpu_affinity: number[];
  env: EnvironmentConfig;
  restart: RestartMode;
}

/** After which ends of its process a worker is started again. */
export type RestartMode = "on-failure" | "always" | "never";
