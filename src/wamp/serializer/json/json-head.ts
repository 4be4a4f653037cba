/**
 * The integers with which a JSON message begins.
 *
 * @module
 */

import type { WireMessage } from "#wamp/peer.ts";
import { isJsonSpace } from "./json-space.ts";

const LIST_BEGIN = 0x5b;
const LIST_END = 0x5d;
const COMMA = 0x2c;
const MAP_BEGIN = 0x7b;
const MAP_END = 0x7d;

/** No integer with more digits is below 2^53. */
const MAX_DIGITS = 16;

/** Where the element that was read last ends. */
let at = 0;

/** The message type of `[48,…`, 0 to 255; -1 when there is none. */
export function peekJsonType(message: WireMessage): number {
  at = 0;
  const type = readInteger(message, LIST_BEGIN);
  return type > 255 ? -1 : type;
}

/** The element behind the one that was read last; -1 if it is no integer from 0 to 2^53 - 1. */
export function nextJsonInteger(message: WireMessage): number {
  return readInteger(message, COMMA);
}

/** Whether `,{}` is behind the element that was read last. */
export function isEmptyJsonMapNext(message: WireMessage): boolean {
  return (
    octetAt(message, at) === COMMA &&
    octetAt(message, at + 1) === MAP_BEGIN &&
    octetAt(message, at + 2) === MAP_END
  );
}

/** Reads the integer behind this character. */
function readInteger(message: WireMessage, before: number): number {
  if (skipSpace(message) !== before) return -1;
  at++;
  let octet = skipSpace(message);
  const start = at;
  let value = 0;
  for (; isDigit(octet); octet = octetAt(message, ++at)) {
    if (at - start >= MAX_DIGITS) return -1;
    value = value * 10 + (octet - 0x30);
  }
  if (at === start || value >= 2 ** 53) return -1;
  const next = skipSpace(message);
  // Another character belongs to the number, as in 1.5 or 1e3.
  return next === COMMA || next === LIST_END ? value : -1;
}

/** Gives the octet behind white space. */
function skipSpace(message: WireMessage): number {
  let octet = octetAt(message, at);
  while (isJsonSpace(octet)) octet = octetAt(message, ++at);
  return octet;
}

function isDigit(octet: number): boolean {
  return octet >= 0x30 && octet <= 0x39;
}

/** The octet there; -1 behind the end: an integer, because NaN would make a double of every octet. */
function octetAt(message: WireMessage, place: number): number {
  return message[place] ?? -1;
}
