/**
 * Checks UTF-8, with a fast path for short ASCII texts, of which most messages consist.
 *
 * @module
 */

import { isUtf8 } from "node:buffer";

/** Longer texts are left to the native check alone. */
const SHORT_TEXT = 48;

/** Whether the octets from `start` up to `end` are valid UTF-8 without surrogates. */
export function isUtf8Between(octets: Uint8Array, start: number, end: number): boolean {
  const asciiEnd = end - start > SHORT_TEXT ? start : end;
  let at = start;
  while (at < asciiEnd && octets[at]! < 0x80) at++;
  return at === end || isUtf8(octets.subarray(at, end));
}
