/**
 * Lists of the binary serializers as octets: what CBOR and MsgPack have in common.
 *
 * @module
 */

import type { OctetBuffer } from "#wamp/token/octet-buffer.ts";

/** The most items of which CBOR and MsgPack write the count into the first octet of a list. */
const MAX_SHORT_LIST = 15;

/** The unsigned integer of `count` octets at `at`; -1 when it is 2^53 or more, or incomplete. */
export function unsignedAt(octets: Uint8Array, at: number, count: number): number {
  let value = 0;
  for (let index = at; index < at + count; index++) {
    value = value * 256 + (octets[index] ?? Number.NaN);
  }
  return value < 2 ** 53 ? value : -1;
}

/** The next item begins where this one ends. */
export function binaryItemEnd(_octets: Uint8Array, end: number): number {
  return end;
}

/** See Serializer.appendList; `listCode` is the first octet of an empty list. */
export function appendBinaryList(
  listCode: number,
  out: OctetBuffer,
  list: Uint8Array,
  listCount: number,
  items: readonly Uint8Array[],
): void {
  const count = listCount + items.length;
  if (count > MAX_SHORT_LIST) throw new RangeError(`a WAMP message has no ${count} items`);
  const start = out.length;
  out.append(list, 0, list.length);
  out.octets[start] = listCode | count;
  for (const item of items) out.append(item, 0, item.length);
}
