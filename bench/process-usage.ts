/**
 * CPU time and memory of other processes, from /proc.
 *
 * @module
 */

import { readdirSync, readFileSync } from "node:fs";

/** CPU time in microseconds: of all threads, and of those of the JIT compiler and the garbage collector. */
export interface CpuTime {
  all: number;
  compiler: number;
  collector: number;
}

/** The CPU time of each thread so far, by its id. */
export type ThreadTimes = ReadonlyMap<string, { name: string; microseconds: number }>;

/** The CPU time of all threads of these processes. */
export function threadTimes(pids: readonly number[]): ThreadTimes {
  const times = new Map<string, { name: string; microseconds: number }>();
  for (const pid of pids) {
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      const folder = `/proc/${pid}/task/${thread}`;
      const microseconds = Number(readProc(`${folder}/schedstat`).split(" ")[0]) / 1000;
      times.set(thread, { name: readProc(`${folder}/comm`), microseconds });
    }
  }
  return times;
}

/** CPU time between two readings. What a thread did that has ended meanwhile is not known. */
export function cpuBetween(before: ThreadTimes, after: ThreadTimes): CpuTime {
  const time: CpuTime = { all: 0, compiler: 0, collector: 0 };
  for (const [thread, { name, microseconds }] of after) {
    const used = Math.max(0, microseconds - (before.get(thread)?.microseconds ?? 0));
    time.all += used;
    if (/JIT|DFG|FTL|Worklist/.test(name)) time.compiler += used;
    if (/Heap|Collector/.test(name)) time.collector += used;
  }
  return time;
}

/** Resident memory of these processes in KiB. */
export function memoryKiB(pids: readonly number[]): number {
  return pids
    .map((pid) => /^VmRSS:\s+(\d+)/m.exec(readProc(`/proc/${pid}/status`))?.[1])
    .reduce((sum, kib) => sum + Number(kib), 0);
}

/** A file of /proc; empty when its thread has just ended. */
export function readProc(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
