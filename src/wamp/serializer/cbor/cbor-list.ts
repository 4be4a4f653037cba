/**
 * CBOR lists as octets: the kinds of values, and how items are appended.
 *
 * @module
 */

import { appendBinaryList } from "#wamp/serializer/binary-list.ts";
import type { ValueKind } from "#wamp/serializer/serializer.ts";
import type { OctetBuffer } from "#wamp/token/octet-buffer.ts";

/** The kind of the value that begins with this octet. */
export function cborKindOf(first: number): ValueKind {
  const major = first >> 5;
  if (major === 4) return "list";
  if (first === 0xf6) return "null";
  return major === 5 ? "map" : "other";
}

/** See Serializer.appendList. */
export function appendCborList(
  out: OctetBuffer,
  list: Uint8Array,
  count: number,
  items: readonly Uint8Array[],
): void {
  appendBinaryList(0x80, out, list, count, items);
}
