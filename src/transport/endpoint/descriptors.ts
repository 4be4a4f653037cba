/**
 * File descriptors: how many this process may open, and the errors when there is none left.
 *
 * @module
 */

import { closeSync, openSync, readdirSync, readFileSync } from "node:fs";
import { errorCodeOf } from "#base/failure.ts";

/** Whether a system call failed because this process, or the system, has no file descriptor left. */
export function isOutOfDescriptors(thrown: unknown): boolean {
  const code = errorCodeOf(thrown);
  return code === "EMFILE" || code === "ENFILE";
}

/** One that was there when a connect failed may be free again a moment later, so that so few count as none. */
const NEARLY_NONE = 4;

/**
 * The state of this process when it can open no file now, or hardly any; null: it can. Asked for after a failure,
 * because Bun reports some failures for want of a descriptor as ECONNREFUSED.
 */
export function shortageOfDescriptors(): string | null {
  const limit = maxDescriptors();
  try {
    closeSync(openSync("/dev/null", "r"));
  } catch (thrown) {
    if (errorCodeOf(thrown) === "ENFILE") return "the system has no file descriptor left";
    if (!isOutOfDescriptors(thrown)) return null;
    return Number.isFinite(limit)
      ? `this process has no file descriptor left of the ${limit} that it may open`
      : "this process has no file descriptor left";
  }
  const open = countDescriptors();
  if (open + NEARLY_NONE < limit) return null;
  return `this process has ${open} file descriptors open of the ${limit} that it may open`;
}

/** The soft limit of open files, read once, because there may be no descriptor left to read it later. */
let limit: number | undefined;

/** How many descriptors this process may open; Infinity when the system does not tell. */
export function maxDescriptors(): number {
  limit ??= readLimit();
  return limit ?? Number.POSITIVE_INFINITY;
}

/** Undefined: there is no descriptor left to read it, so that it is read again later. */
function readLimit(): number | undefined {
  try {
    const limits = readFileSync("/proc/self/limits", "latin1");
    const soft = /^Max open files\s+(\d+)/m.exec(limits)?.[1];
    return soft === undefined ? Number.POSITIVE_INFINITY : Number(soft);
  } catch (thrown) {
    return isOutOfDescriptors(thrown) ? undefined : Number.POSITIVE_INFINITY;
  }
}

/** How many descriptors are open now; 0 when the system does not tell. */
export function countDescriptors(): number {
  try {
    return readdirSync("/proc/self/fd").length;
  } catch {
    return 0;
  }
}
