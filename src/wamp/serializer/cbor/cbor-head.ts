/**
 * The integers with which a CBOR message begins.
 *
 * @module
 */

import type { WireMessage } from "#wamp/peer.ts";
import { unsignedAt } from "#wamp/serializer/binary-list.ts";

/** Where the next element begins. */
let at = 0;

/** The number of elements that follow; 0 for a list whose length is spelled in a rare way. */
let left = 0;

/** The message type of `8x 18 30 …` or `9f 18 30 …`, 0 to 255; -1 when there is none. */
export function peekCborType(octets: WireMessage): number {
  // The tag d9d9f7 only marks the octets as CBOR.
  const start = octets[0] === 0xd9 && octets[1] === 0xd9 && octets[2] === 0xf7 ? 3 : 0;
  const head = octets[start] ?? 0;
  at = start + 1;
  left = 0;
  if (head > 0x80 && head <= 0x97) left = head - 0x81;
  else if (head >= 0x98 && head <= 0x9b) at += 1 << (head - 0x98);
  else if (head !== 0x9f) return -1;
  const type = readInteger(octets);
  return type > 255 ? -1 : type;
}

/** The element behind the one that was read last; -1 if it is no integer from 0 to 2^53 - 1. */
export function nextCborInteger(octets: WireMessage): number {
  return left-- <= 0 ? -1 : readInteger(octets);
}

/** Whether the element behind the one that was read last is an empty map. */
export function isEmptyCborMapNext(octets: WireMessage): boolean {
  return left > 0 && octets[at] === 0xa0;
}

function readInteger(octets: Uint8Array): number {
  const first = octets[at++] ?? 0xff;
  if (first <= 0x17) return first;
  // More octets than necessary are well-formed too.
  if (first < 0x18 || first > 0x1b) return -1;
  const length = 1 << (first - 0x18);
  at += length;
  return unsignedAt(octets, at - length, length);
}
