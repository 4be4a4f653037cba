/**
 * Whether a stretch of octets is UTF-8, quickly for the short ASCII texts that messages are made of.
 *
 * @module
 */

import { isUtf8 } from "node:buffer";

/** Whether the octets from `start` up to `end` are valid UTF-8 without surrogates. */
export function isUtf8Between(octets: Uint8Array, start: number, end: number): boolean {
  const shortEnd = end - start > 48 ? start : end;
  let at = start;
  while (at < shortEnd && octets[at]! < 0x80) at++;
  return at === end || isUtf8(octets.subarray(at, end));
}
