/**
 * File descriptors: how many this process may open, and the errors when there is none left.
 *
 * @module
 */

import { errorCodeOf } from "#base/failure.ts";

/** Whether a system call failed because this process, or the system, has no file descriptor left. */
export function isOutOfDescriptors(thrown: unknown): boolean {
  const code = errorCodeOf(thrown);
  return code === "EMFILE" || code === "ENFILE";
}
