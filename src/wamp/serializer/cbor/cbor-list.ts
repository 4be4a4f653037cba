/**
 * CBOR lists as octets: the message type and how items are appended.
 *
 * @module
 */

import type { WireMessage } from "#wamp/peer.ts";
import { appendBinaryList, smallIntegerAt } from "#wamp/serializer/binary-list.ts";
import type { ValueKind } from "#wamp/serializer/serializer.ts";
import type { OctetBuffer } from "#wamp/token/octet-buffer.ts";

/** The message type of `8x 18 30 …` or `9f 18 30 …`; -1 when there is none. */
export function peekCbor(octets: WireMessage): number {
  if (typeof octets === "string") return -1;
  // The tag d9d9f7 only marks the octets as CBOR.
  const start = octets[0] === 0xd9 && octets[1] === 0xd9 && octets[2] === 0xf7 ? 3 : 0;
  const head = octets[start] ?? 0;
  let at = start + 1;
  if (head === 0x98) at = start + 2;
  else if (head === 0x99) at = start + 3;
  else if (head === 0x9a) at = start + 5;
  else if (head === 0x9b) at = start + 9;
  else if (head !== 0x9f && (head <= 0x80 || head > 0x97)) return -1;
  const first = octets[at] ?? -1;
  if (first >= 0 && first <= 0x17) return first;
  if (first === 0x18) return octets[at + 1] ?? -1;
  // Longer than necessary, but well-formed.
  return first >= 0x19 && first <= 0x1b ? smallIntegerAt(octets, at + 1, 2 ** (first - 0x18)) : -1;
}

/** The kind of the value that begins with this octet. */
export function cborKindOf(first: number): ValueKind {
  const major = first >> 5;
  if (major === 4) return "list";
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
