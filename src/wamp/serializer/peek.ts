/**
 * The message type, read from the first octets without decoding the rest.
 *
 *     JSON     [48,...          MsgPack  9x 30 ... / dc nnnn 30      CBOR  8x 18 30 ... / 9f 18 30
 *
 * @module
 */

import type { SerializerName, WireMessage } from "#wamp/peer.ts";
import { MalformedMessage } from "#wamp/transcode/malformed-message.ts";

/**
 * The type of a message, 0 to 255.
 *
 * @throws MalformedMessage when it is not a list that begins with a small integer.
 */
export function peekMessageType(message: WireMessage, serializer: SerializerName): number {
  const type = typeof message === "string" ? peekText(message) : peekOctets(message, serializer);
  if (type < 0) throw new MalformedMessage(serializer, "not a list with a message type");
  return type;
}

function peekOctets(octets: Uint8Array, serializer: SerializerName): number {
  if (serializer === "json")
    return peekText(Buffer.from(octets.subarray(0, 64)).toString("latin1"));
  return serializer === "cbor" ? peekCbor(octets) : peekMsgPack(octets);
}

function peekText(text: string): number {
  const match = /^[ \t\r\n]*\[[ \t\r\n]*([0-9]{1,3})[ \t\r\n]*[,\]]/.exec(text);
  return match === null ? -1 : Number(match[1]);
}

function peekCbor(octets: Uint8Array): number {
  // d9d9f7 says no more than that CBOR follows.
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
  // Needlessly long, but well-formed.
  return first >= 0x19 && first <= 0x1b ? peekInteger(octets, at + 1, 2 ** (first - 0x18)) : -1;
}

function peekMsgPack(octets: Uint8Array): number {
  const head = octets[0] ?? 0;
  let at = 1;
  if (head === 0xdc) at = 3;
  else if (head === 0xdd) at = 5;
  else if (head <= 0x90 || head > 0x9f) return -1;
  const first = octets[at] ?? -1;
  if (first >= 0 && first <= 0x7f) return first;
  if (first === 0xcc) return octets[at + 1] ?? -1;
  // Needlessly long or signed, but well-formed.
  const isInteger = first >= 0xcd && first <= 0xd3;
  return isInteger ? peekInteger(octets, at + 1, 2 ** ((first - 0xcc) & 3)) : -1;
}

/** The integer of so many octets, when it is below 256 and not negative; else -1. */
function peekInteger(octets: Uint8Array, at: number, count: number): number {
  const last = at + count - 1;
  for (let index = at; index < last; index++) if (octets[index] !== 0) return -1;
  return octets[last] ?? -1;
}
