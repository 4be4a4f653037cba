/**
 * The command that runs this very program again as a worker.
 *
 * @module
 */

import { join } from "node:path";

/** The first argument that makes the program a worker; not for people. */
export const WORKER_VERB = "__worker";

/** The command line of a worker, whether we are the executable or run from source. */
export function workerCommand(): string[] {
  // In the executable every module lives in Bun's virtual folder, and the executable runs itself.
  if (import.meta.dir.startsWith("/$bunfs")) return [process.execPath, WORKER_VERB];
  return [process.execPath, join(import.meta.dir, "..", "main.ts"), WORKER_VERB];
}
