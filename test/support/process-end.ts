/** Whether processes run that are no children of the test, of whose end the system tells it nothing. */

import { readFileSync } from "node:fs";

const LOOK_AGAIN_MS = 5;

/** Whether a process runs; one that has ended may wait for its parent. */
export function isRunning(pid: number): boolean {
  try {
    return !/\) Z/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

/** Resolves once all of them have ended. */
export async function untilEnded(...pids: number[]): Promise<void> {
  while (pids.some(isRunning)) await Bun.sleep(LOOK_AGAIN_MS);
}
