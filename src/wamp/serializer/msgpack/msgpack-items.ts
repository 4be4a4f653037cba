/**
 * The items of a MsgPack message, without tokens: all but extensions.
 *
 * These, and all that is wrong, are read by the MsgPack reader, which alone decides and says why.
 *
 * @module
 */

import { unsignedAt } from "#wamp/serializer/binary-list.ts";
import { isUtf8Between } from "#wamp/token/utf8-check.ts";

const EMPTY_MAP = 0x80;

/** The most lists and maps within each other. */
const MAX_DEPTH = 32;

/** Where each item of a list begins, and where its end is; undefined: it is written in another way, or wrong. */
export function msgpackItemBounds(octets: Uint8Array): number[] | undefined {
  const count = (octets[0] ?? 0) - 0x90;
  if (count < 1 || count > 15) return undefined;
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
export function msgpackIntegerAt(octets: Uint8Array, at: number): number {
  const first = octets[at] ?? 0xff;
  if (first <= 0x7f) return first;
  return first >= 0xcc && first <= 0xcf ? unsignedAt(octets, at + 1, 1 << (first - 0xcc)) : -1;
}

/** Whether the item there is an empty map. */
export function isEmptyMsgpackMapAt(octets: Uint8Array, at: number): boolean {
  return octets[at] === EMPTY_MAP;
}

/** Where the text begins that is the item there; -1: it is none, or a long one. */
export function msgpackTextStart(octets: Uint8Array, at: number): number {
  const first = octets[at] as number;
  if (first >= 0xa0 && first <= 0xbf) return at + 1;
  return first === 0xd9 ? at + 2 : -1;
}

/** The place behind a value; -1: it is an extension, or wrong. */
function valueEnd(octets: Uint8Array, start: number, depth: number): number {
  const code = octets[start] ?? 0xc1;
  const at = start + 1;
  if (code < 0x80 || code >= 0xe0) return at;
  if (code < 0x90) return valuesEnd(octets, at, 2 * (code & 15), depth);
  if (code < 0xa0) return valuesEnd(octets, at, code & 15, depth);
  if (code < 0xc0) return textEnd(octets, at, code & 31);
  const size = sizeOf(code);
  if (size < 0 || at + size > octets.length) return -1;
  // Numbers, and null and booleans, which have no octets behind their code.
  if (code <= 0xc3 || (code >= 0xca && code <= 0xd3)) return at + size;
  const count = unsignedAt(octets, at, size);
  const from = at + size;
  if (code <= 0xc6) return count <= octets.length - from ? from + count : -1;
  if (code <= 0xdb) return textEnd(octets, from, count);
  return valuesEnd(octets, from, code >= 0xde ? 2 * count : count, depth);
}

/** How many octets follow the code of a number, or are the length or count behind it; -1: an extension, or nothing. */
function sizeOf(code: number): number {
  switch (code) {
    case 0xc0:
    case 0xc2:
    case 0xc3:
      return 0;
    case 0xc4:
    case 0xcc:
    case 0xd0:
    case 0xd9:
      return 1;
    case 0xc5:
    case 0xcd:
    case 0xd1:
    case 0xda:
    case 0xdc:
    case 0xde:
      return 2;
    case 0xc6:
    case 0xca:
    case 0xce:
    case 0xd2:
    case 0xdb:
    case 0xdd:
    case 0xdf:
      return 4;
    case 0xcb:
    case 0xcf:
    case 0xd3:
      return 8;
    default:
      return -1;
  }
}

function textEnd(octets: Uint8Array, start: number, count: number): number {
  if (count > octets.length - start) return -1;
  return isUtf8Between(octets, start, start + count) ? start + count : -1;
}

/** The place behind the items of a list, or the keys and values of a map. */
function valuesEnd(octets: Uint8Array, start: number, count: number, depth: number): number {
  if (count > octets.length - start || depth > MAX_DEPTH) return -1;
  let at = start;
  for (let left = count; left > 0 && at >= 0; left--) at = valueEnd(octets, at, depth + 1);
  return at;
}
