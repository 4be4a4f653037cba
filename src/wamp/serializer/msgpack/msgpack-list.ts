/**
 * MsgPack lists as octets: the kinds of values, and how items are appended.
 *
 * @module
 */

import { appendBinaryList } from "#wamp/serializer/binary-list.ts";
import type { ValueKind } from "#wamp/serializer/serializer.ts";
import type { OctetBuffer } from "#wamp/token/octet-buffer.ts";

/** The kind of the value that begins with this octet. */
export function msgpackKindOf(first: number): ValueKind {
  if ((first & 0xf0) === 0x90 || first === 0xdc || first === 0xdd) return "list";
  if (first === 0xc0) return "null";
  return (first & 0xf0) === 0x80 || first === 0xde || first === 0xdf ? "map" : "other";
}

/** See Serializer.appendList. */
export function appendMsgpackList(
  out: OctetBuffer,
  list: Uint8Array,
  count: number,
  items: readonly Uint8Array[],
): void {
  appendBinaryList(0x90, out, list, count, items);
}
