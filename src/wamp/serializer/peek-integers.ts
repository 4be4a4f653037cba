/**
 * The integers with which a message begins, read from its first octets without decoding the rest.
 *
 * Only the usual spellings are read: a message in another spelling seems to begin with fewer integers,
 * and has to be read by its serializer's reader.
 *
 * @module
 */

import type { WireMessage } from "#wamp/peer.ts";
import type { SerializerName } from "#wamp/serializer-name.ts";

/** Of so many digits, integers that begin with 0 to 8 are below 2^53. */
const MAX_DIGITS = 16;

/** Stands for an integer that is longer than any that `onSecond` has to know. */
const LONG = 2 ** 40;

/** Where the next element begins. */
let at = 0;

/** The last integer that was read, or `LONG`; -1: there was none, or not one from 0 to 2^53 - 1. */
let integer = -1;

/**
 * Whether a message begins with this many integers from 0 to 2^53 - 1; `onSecond` may refuse the second.
 */
export function beginsWithIntegers(
  message: WireMessage,
  serializer: SerializerName,
  count: number,
  onSecond?: (value: number) => boolean,
): boolean {
  begin(message, serializer, count);
  for (let index = 0; index < count; index++) {
    if (serializer === "json") readJson(message, index === 0 ? 0x5b : 0x2c);
    else if (serializer === "cbor") readCbor(message as Uint8Array);
    else readMsgPack(message as Uint8Array);
    if (integer < 0) return false;
    if (index === 1 && onSecond !== undefined && !onSecond(integer)) return false;
  }
  return true;
}

/** Goes to the first element of a list; of one that is too short, or in a rare spelling, behind its end. */
function begin(message: WireMessage, serializer: SerializerName, count: number): void {
  at = 0;
  if (serializer === "json") return;
  const lists = serializer === "cbor" ? 0x80 : 0x90;
  const most = serializer === "cbor" ? 0x97 : 0x9f;
  const head = typeof message === "string" ? 0 : (message[0] ?? 0);
  at = head >= lists + count && head <= most ? 1 : message.length;
}

/** Reads the integer behind this character. */
function readJson(message: WireMessage, before: number): void {
  integer = -1;
  skipSpace(message);
  if (codeAt(message, at) !== before) return;
  at++;
  skipSpace(message);
  const start = at;
  let code = codeAt(message, at);
  const first = code;
  while (isDigit(code)) code = codeAt(message, ++at);
  const digits = at - start;
  // Another character belongs to the number, as in 1.5 or 1e3.
  if (digits === 0 || !(code === 0x2c || code === 0x5d || isSpace(code))) return;
  if (digits < MAX_DIGITS || (digits === MAX_DIGITS && first < 0x39)) {
    integer = digits > 9 ? LONG : shortInteger(message, start);
  }
}

/** The value of at most 9 digits. */
function shortInteger(message: WireMessage, start: number): number {
  let value = 0;
  for (let place = start; place < at; place++) value = value * 10 + codeAt(message, place) - 0x30;
  return value;
}

function skipSpace(message: WireMessage): void {
  while (isSpace(codeAt(message, at))) at++;
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

/** The character or octet there; NaN behind the end. */
function codeAt(message: WireMessage, place: number): number {
  return typeof message === "string" ? message.charCodeAt(place) : (message[place] ?? Number.NaN);
}

function readCbor(octets: Uint8Array): void {
  const first = octets[at++] ?? 0xff;
  if (first <= 0x17) integer = first;
  else if (first >= 0x18 && first <= 0x1b) readOctets(octets, 1 << (first - 0x18));
  else integer = -1;
}

function readMsgPack(octets: Uint8Array): void {
  const first = octets[at++] ?? 0xff;
  if (first <= 0x7f) {
    integer = first;
  } else if (first >= 0xcc && first <= 0xcf) {
    readOctets(octets, 1 << (first - 0xcc));
  } else if (first >= 0xd0 && first <= 0xd3 && (octets[at] ?? 0x80) < 0x80) {
    // Signed, and not negative.
    readOctets(octets, 1 << (first - 0xd0));
  } else {
    integer = -1;
  }
}

/** Reads an unsigned integer of so many octets. */
function readOctets(octets: Uint8Array, count: number): void {
  let value = 0;
  for (const end = at + count; at < end; at++) value = value * 256 + (octets[at] ?? Number.NaN);
  integer = value < 2 ** 53 ? value : -1;
}
