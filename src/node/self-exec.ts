/**
 * The command that runs this program again.
 *
 * @module
 */

import { join } from "node:path";

/** The first argument of a worker process; users do not need it. */
export const WORKER_VERB = "__worker";

/** This program, without arguments, for the executable and for a run from source. */
export function ownCommand(): string[] {
  // In the executable all modules are in Bun's virtual folder, and the executable runs itself.
  if (import.meta.dir.startsWith("/$bunfs")) return [process.execPath];
  return [process.execPath, join(import.meta.dir, "..", "main.ts")];
}

/** The command line of a worker. */
export function workerCommand(): string[] {
  return [...ownCommand(), WORKER_VERB];
}
