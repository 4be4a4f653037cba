/**
 * The CPU time of each turn of a worker's event loop, measured in the built executable itself.
 *
 *     BUN_OPTIONS=--preload=bench/turn-times.ts TURN_TIMES=FOLDER dist/crossproxy node.json
 *
 * A worker begins to measure at SIGUSR2, and at the next one it writes its longest turns, in milliseconds, to
 * FOLDER/PID.json. The time is that of its main thread alone, so that other load of the machine does not count.
 *
 * @module
 */

import { dlopen, FFIType, ptr } from "bun:ffi";
import { writeFileSync } from "node:fs";
import { isMainThread } from "node:worker_threads";

const CLOCK_THREAD_CPUTIME_ID = 3;
const LONGEST = 5;

const folder = process.env["TURN_TIMES"] ?? ".";

if (process.argv.includes("__worker")) {
  if (isMainThread) measureAtSignals();
} else {
  preloadInWorkers();
}

/** The controller passes only some variables on to its workers. */
function preloadInWorkers(): void {
  const { spawn } = Bun;
  const { BUN_OPTIONS = "" } = process.env;
  const patched = (command: string[], options: { env?: Record<string, string> }) =>
    spawn(command, { ...options, env: { ...options.env, BUN_OPTIONS, TURN_TIMES: folder } });
  Object.assign(Bun, { spawn: patched });
}

function measureAtSignals(): void {
  const threadTime = threadClock();
  let isMeasuring = false;
  let last = 0;
  let longest: number[] = [];
  const turn = () => {
    const now = threadTime();
    longest = [...longest, now - last].sort((one, other) => other - one).slice(0, LONGEST);
    last = now;
    if (isMeasuring) setImmediate(turn);
  };
  process.on("SIGUSR2", () => {
    isMeasuring = !isMeasuring;
    if (isMeasuring) {
      longest = [];
      last = threadTime();
      setImmediate(turn);
      return;
    }
    const rounded = longest.map((time) => Math.round(time * 10) / 10);
    writeFileSync(`${folder}/${process.pid}.json`, JSON.stringify(rounded));
  });
}

/** Gives the CPU time of this thread in milliseconds. */
function threadClock(): () => number {
  const signature = { args: [FFIType.i32, FFIType.ptr], returns: FFIType.i32 };
  const { symbols } = dlopen("libc.so.6", { clock_gettime: signature });
  const time = new BigInt64Array(2);
  const target = ptr(time);
  return () => {
    symbols.clock_gettime(CLOCK_THREAD_CPUTIME_ID, target);
    return Number(time[0]) * 1e3 + Number(time[1]) / 1e6;
  };
}
