/**
 * The command that runs this program again.
 *
 * @module
 */

import { join } from "node:path";
import { EMBEDDED_FOLDER } from "#base/embedded-folder.ts";

/** The first argument of a worker process; users do not need it. */
export const WORKER_VERB = "__worker";

/** This program, without arguments, for the executable and for a run from source. */
export function ownCommand(): string[] {
  // The executable runs itself.
  if (EMBEDDED_FOLDER !== undefined) return [process.execPath];
  return [process.execPath, join(import.meta.dir, "..", "main.ts")];
}

/** The command line of a worker. */
export function workerCommand(): string[] {
  return [...ownCommand(), WORKER_VERB];
}
