/**
 * Locks of folders, which keep two processes from doing the same in one at once (flock, on Linux).
 *
 * @module
 */

import { closeSync, openSync } from "node:fs";
import { openCLibrary } from "./c-library.ts";

const LOCK_EX = 2;
const LOCK_NB = 4;

/** Longest wait for another process; it holds the lock for a moment only, unless it is stopped. */
const WAIT_MS = 2_000;

const LOOK_AGAIN_MS = 2;

/**
 * Runs while no other process runs the same with this folder. Where the system or the folder has no locks, or the wait
 * is too long, it runs all the same.
 */
export function whileLocked<T>(folder: string, run: () => T): T {
  const descriptor = openFolder(folder);
  if (descriptor === null) return run();
  try {
    lock(descriptor);
    return run();
  } finally {
    closeSync(descriptor);
  }
}

function openFolder(folder: string): number | null {
  try {
    return openSync(folder, "r");
  } catch {
    return null;
  }
}

function lock(descriptor: number): void {
  const calls = openCLibrary({ flock: { args: ["int", "int"], returns: "int" } });
  const end = performance.now() + WAIT_MS;
  while (calls?.flock(descriptor, LOCK_EX | LOCK_NB) === -1 && performance.now() < end) {
    Bun.sleepSync(LOOK_AGAIN_MS);
  }
}
