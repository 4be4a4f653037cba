/**
 * The command that runs this program again as a worker.
 *
 * @module
 */

import { join } from "node:path";

/** The first argument of a worker process; users do not need it. */
export const WORKER_VERB = "__worker";

/** The command line of a worker, for the executable and for a run from source. */
export function workerCommand(): string[] {
  // In the executable all modules are in Bun's virtual folder, and the executable runs itself.
  if (import.meta.dir.startsWith("/$bunfs")) return [process.execPath, WORKER_VERB];
  return [process.execPath, join(import.meta.dir, "..", "main.ts"), WORKER_VERB];
}
