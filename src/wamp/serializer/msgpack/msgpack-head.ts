/**
 * The integers with which a MsgPack message begins.
 *
 * @module
 */

import type { WireMessage } from "#wamp/peer.ts";
import { unsignedAt } from "#wamp/serializer/binary-list.ts";

/** Where the next element begins. */
let at = 0;

/** The number of elements that follow; 0 for a list whose length is spelled in a rare way. */
let left = 0;

/** The message type of `9x 30 …` or `dc nnnn 30 …`, 0 to 255; -1 when there is none. */
export function peekMsgpackType(octets: WireMessage): number {
  const head = octets[0] ?? 0;
  at = 1;
  left = 0;
  if (head > 0x90 && head <= 0x9f) left = head - 0x91;
  else if (head === 0xdc) at = 3;
  else if (head === 0xdd) at = 5;
  else return -1;
  const type = readInteger(octets);
  return type > 255 ? -1 : type;
}

/** The element behind the one that was read last; -1 if it is no integer from 0 to 2^53 - 1. */
export function nextMsgpackInteger(octets: WireMessage): number {
  return left-- <= 0 ? -1 : readInteger(octets);
}

/** Whether the element behind the one that was read last is an empty map. */
export function isEmptyMsgpackMapNext(octets: WireMessage): boolean {
  return left > 0 && octets[at] === 0x80;
}

function readInteger(octets: Uint8Array): number {
  const first = octets[at++] ?? 0xff;
  if (first <= 0x7f) return first;
  // Unsigned, or signed and not negative; more octets than necessary are well-formed too.
  const isSigned = first >= 0xd0;
  if (first < 0xcc || first > 0xd3 || (isSigned && (octets[at] ?? 0x80) >= 0x80)) return -1;
  const length = 1 << ((first - 0xcc) & 3);
  at += length;
  return unsignedAt(octets, at - length, length);
}
