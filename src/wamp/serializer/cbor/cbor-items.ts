/**
 * The items of a CBOR message in its usual spelling, without tokens: counts that are known, no tags, no `undefined`.
 *
 * All else, and all that is wrong, is read by the CBOR reader, which alone decides and says why.
 *
 * @module
 */

import { unsignedAt } from "#wamp/serializer/binary-list.ts";
import { isUtf8Between } from "#wamp/token/utf8-check.ts";

const EMPTY_MAP = 0xa0;

/** The most lists and maps within each other. */
const MAX_DEPTH = 32;

/** Where each item of a list begins, and where its end is; undefined: it is written in another way, or wrong. */
export function cborItemBounds(octets: Uint8Array): number[] | undefined {
  const count = (octets[0] ?? 0) - 0x80;
  if (count < 1 || count > 0x17) return undefined;
  const bounds = [1];
  let at = 1;
  for (let item = 0; item < count; item++) {
    at = valueEnd(octets, at, 2);
    if (at < 0) return undefined;
    bounds.push(at);
  }
  return at === octets.length ? bounds : undefined;
}

/** The integer from 0 to 2^53 - 1 that is the item there; -1: it is something else, or written in another way. */
export function cborIntegerAt(octets: Uint8Array, at: number): number {
  const first = octets[at] ?? 0xff;
  if (first <= 0x17) return first;
  return first <= 0x1b ? unsignedAt(octets, at + 1, 1 << (first - 0x18)) : -1;
}

/** Whether the item there is an empty map. */
export function isEmptyCborMapAt(octets: Uint8Array, at: number): boolean {
  return octets[at] === EMPTY_MAP;
}

/** Where the text begins that is the item there; -1: it is none, or a long one. */
export function cborTextStart(octets: Uint8Array, at: number): number {
  const first = octets[at] as number;
  if (first >= 0x60 && first <= 0x77) return at + 1;
  return first === 0x78 ? at + 2 : -1;
}

/** The place behind a value; -1: it is written in a rare way, or wrong. */
function valueEnd(octets: Uint8Array, start: number, depth: number): number {
  const first = octets[start] ?? 0xff;
  const info = first & 31;
  const major = first >> 5;
  if (major === 7) return simpleEnd(octets, start, info);
  let argument = info;
  let at = start + 1;
  if (info >= 24) {
    if (info > 27) return -1;
    const length = 1 << (info - 24);
    argument = unsignedAt(octets, at, length);
    at += length;
    if (at > octets.length) return -1;
    // Any 64 bits are an integer.
    if (major <= 1) return at;
    if (argument < 0) return -1;
  }
  switch (major) {
    case 0:
    case 1:
      return at;
    case 2:
      return argument <= octets.length - at ? at + argument : -1;
    case 3:
      if (argument > octets.length - at) return -1;
      return isUtf8Between(octets, at, at + argument) ? at + argument : -1;
    case 4:
      return valuesEnd(octets, at, argument, depth);
    case 5:
      return valuesEnd(octets, at, 2 * argument, depth);
    default:
      return -1;
  }
}

/** The place behind the items of a list, or the keys and values of a map. */
function valuesEnd(octets: Uint8Array, start: number, count: number, depth: number): number {
  if (count > octets.length - start || depth > MAX_DEPTH) return -1;
  let at = start;
  for (let left = count; left > 0 && at >= 0; left--) at = valueEnd(octets, at, depth + 1);
  return at;
}

function simpleEnd(octets: Uint8Array, at: number, info: number): number {
  if (info >= 20 && info <= 22) return at + 1;
  if (info < 25 || info > 27) return -1;
  const end = at + 1 + (1 << (info - 24));
  return end <= octets.length ? end : -1;
}
