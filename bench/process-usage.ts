/**
 * CPU time and memory of other processes, from /proc.
 *
 * @module
 */

import { readdirSync, readFileSync } from "node:fs";

/** CPU time of these processes with all their threads, in microseconds. */
export function usageOf(pids: readonly number[]): number {
  let nanoseconds = 0;
  for (const pid of pids) {
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      nanoseconds += Number(
        readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0],
      );
    }
  }
  return nanoseconds / 1000;
}

/** Resident memory of these processes in KiB. */
export function memoryKiB(pids: readonly number[]): number {
  return pids
    .map((pid) => /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1])
    .reduce((sum, kib) => sum + Number(kib), 0);
}
