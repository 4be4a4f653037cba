/**
 * Settings that this process gives to itself, on Linux: its name, and the processors that it runs on.
 *
 * @module
 */

import { ptr } from "bun:ffi";
import { readdirSync } from "node:fs";
import { openCLibrary } from "./c-library.ts";

const PR_SET_NAME = 15;

/** For 4096 processors, more than node.json may name. */
const MASK_OCTETS = 512;

function openCalls() {
  return openCLibrary({
    prctl: { args: ["int", "u64", "u64", "u64", "u64"], returns: "int" },
    sched_setaffinity: { args: ["int", "u64", "ptr"], returns: "int" },
    sched_getaffinity: { args: ["int", "u64", "ptr"], returns: "int" },
  });
}

/** Names this process, as `ps` and `top` show it, of which the system keeps 15 octets; false where that is not possible. */
export function nameProcess(title: string): boolean {
  const octets = Buffer.from(`${title}\0`);
  return openCalls()?.prctl(PR_SET_NAME, ptr(octets), 0, 0, 0) === 0;
}

/**
 * Lets all threads of this process, and all that it will start, run on these processors alone.
 *
 * @returns those that it may run on from now on; null where the system does not tell.
 */
export function runOnProcessors(processors: readonly number[]): number[] | null {
  const calls = openCalls();
  if (calls === null) return null;
  const mask = new Uint8Array(MASK_OCTETS);
  for (const processor of processors) {
    mask[processor >> 3] = (mask[processor >> 3] ?? 0) | (1 << (processor & 7));
  }
  for (const thread of allThreads()) calls.sched_setaffinity(thread, MASK_OCTETS, ptr(mask));
  mask.fill(0);
  if (calls.sched_getaffinity(0, MASK_OCTETS, ptr(mask)) !== 0) return null;
  return Array.from({ length: MASK_OCTETS * 8 }, (_, processor) => processor).filter(
    (processor) => ((mask[processor >> 3] ?? 0) >> (processor & 7)) & 1,
  );
}

/** The threads of this process, and then those that these have started meanwhile, until there are no more. */
function* allThreads(): Generator<number> {
  const known = new Set<string>();
  for (;;) {
    const found = readdirSync("/proc/self/task").filter((thread) => !known.has(thread));
    if (found.length === 0) return;
    for (const thread of found) {
      known.add(thread);
      yield Number(thread);
    }
  }
}
