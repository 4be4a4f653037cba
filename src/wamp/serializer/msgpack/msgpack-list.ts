/**
 * MsgPack lists as octets: the message type and how items are appended.
 *
 * @module
 */

import type { WireMessage } from "#wamp/peer.ts";
import { appendBinaryList, smallIntegerAt } from "#wamp/serializer/binary-list.ts";
import type { ValueKind } from "#wamp/serializer/serializer.ts";
import type { OctetBuffer } from "#wamp/token/octet-buffer.ts";

/** The message type of `9x 30 …` or `dc nnnn 30 …`; -1 when there is none. */
export function peekMsgpack(octets: WireMessage): number {
  if (typeof octets === "string") return -1;
  const head = octets[0] ?? 0;
  let at = 1;
  if (head === 0xdc) at = 3;
  else if (head === 0xdd) at = 5;
  else if (head <= 0x90 || head > 0x9f) return -1;
  const first = octets[at] ?? -1;
  if (first >= 0 && first <= 0x7f) return first;
  if (first === 0xcc) return octets[at + 1] ?? -1;
  // Longer than necessary, or signed, but well-formed.
  const isInteger = first >= 0xcd && first <= 0xd3;
  return isInteger ? smallIntegerAt(octets, at + 1, 2 ** ((first - 0xcc) & 3)) : -1;
}

/** The kind of the value that begins with this octet. */
export function msgpackKindOf(first: number): ValueKind {
  if ((first & 0xf0) === 0x90 || first === 0xdc || first === 0xdd) return "list";
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
