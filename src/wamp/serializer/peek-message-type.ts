/**
 * The message type, read from the first octets without decoding the rest.
 *
 *     JSON     [48,...          MsgPack  9x 30 ... / dc nnnn 30      CBOR  8x 18 30 ... / 9f 18 30
 *
 * @module
 */

import type { SerializerName, WireMessage } from "#wamp/peer.ts";
import { MalformedMessage } from "#wamp/token/malformed-message.ts";

/**
 * The type of a message, 0 to 255.
 *
 * @throws MalformedMessage when it is not a list that begins with a small integer.
 */
export function peekMessageType(message: WireMessage, serializer: SerializerName): number {
  const type = peek(message, serializer);
  if (type < 0) throw new MalformedMessage(serializer, "not a list with a message type");
  return type;
}

function peek(message: WireMessage, serializer: SerializerName): number {
  if (serializer === "json") return peekJson(message);
  if (typeof message === "string") return -1;
  return serializer === "cbor" ? peekCbor(message) : peekMsgPack(message);
}

function peekJson(message: WireMessage): number {
  let at = skipSpace(message, 0);
  if (codeAt(message, at) !== 0x5b) return -1;
  at = skipSpace(message, at + 1);
  let type = -1;
  for (let code = codeAt(message, at); code >= 0x30 && code <= 0x39; code = codeAt(message, ++at)) {
    type = Math.max(type, 0) * 10 + code - 0x30;
    if (type > 255) return -1;
  }
  const end = codeAt(message, skipSpace(message, at));
  return end === 0x2c || end === 0x5d ? type : -1;
}

function skipSpace(message: WireMessage, start: number): number {
  let at = start;
  for (let code = codeAt(message, at); code <= 0x20; code = codeAt(message, ++at)) {
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) break;
  }
  return at;
}

/** The character or octet there; NaN behind the end. */
function codeAt(message: WireMessage, at: number): number {
  return typeof message === "string" ? message.charCodeAt(at) : (message[at] ?? Number.NaN);
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
