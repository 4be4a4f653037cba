/**
 * The items of a JSON message in its usual spelling, without tokens: what nearly every client sends.
 *
 * All else, and all that is wrong, is read by the JSON reader, which alone decides and says why.
 *
 * @module
 */

import { isUtf8 } from "node:buffer";
import { hexDigit } from "./json-string.ts";
import { unescapedRunEnd } from "./unescaped-run.ts";

const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
const COLON = 0x3a;
const LIST_BEGIN = 0x5b;
const LIST_END = 0x5d;
const MAP_BEGIN = 0x7b;
const MAP_END = 0x7d;
const BACKSLASH = 0x5c;

/** As many lists and maps within each other as there are bits for them. */
const MAX_DEPTH = 31;

/** After so many octets, the end of a string is searched for in larger steps. */
const LONG_TEXT = 32;

/** Integers of more digits may be 2^53 or more. */
const MAX_DIGITS = 15;

/** Whether the octets have to be looked at again, because some are not known to be ASCII. */
let isAscii = true;

/**
 * Where each item of a list begins, and where its end is; undefined: it is not written without white space, or
 * something is wrong.
 */
export function jsonItemBounds(octets: Uint8Array): number[] | undefined {
  const { length } = octets;
  if (length < 3 || octets[0] !== LIST_BEGIN || octets[1] === LIST_END) return undefined;
  const bounds = [1];
  isAscii = true;
  let depth = 1;
  /** The bit of each depth at which there is a map. */
  let maps = 0;
  let at = 1;
  while (at < length) {
    const first = octets[at] as number;
    if (first === LIST_BEGIN || first === MAP_BEGIN) {
      const isMap = first === MAP_BEGIN;
      if (octets[at + 1] !== (isMap ? MAP_END : LIST_END)) {
        if (depth === MAX_DEPTH) return undefined;
        depth += 1;
        maps = isMap ? maps | (1 << (depth - 1)) : maps & ~(1 << (depth - 1));
        at = isMap ? keyEnd(octets, at + 1, length) : at + 1;
        if (at < 0) return undefined;
        continue;
      }
      at += 2;
    } else {
      at = scalarEnd(octets, at, length, first);
      if (at < 0) return undefined;
    }
    // A value has ended, and perhaps lists and maps with it.
    for (;;) {
      const isMap = (maps & (1 << (depth - 1))) !== 0;
      const next = octets[at++];
      if (next === COMMA) {
        if (depth === 1) bounds.push(at);
        if (isMap) at = keyEnd(octets, at, length);
        if (at < 0) return undefined;
        break;
      }
      if (next !== (isMap ? MAP_END : LIST_END)) return undefined;
      depth -= 1;
      if (depth > 0) continue;
      bounds.push(at - 1);
      return at === length && (isAscii || isUtf8(octets)) ? bounds : undefined;
    }
  }
  return undefined;
}

/** The integer from 0 to 2^53 - 1 that is the item there; -1: it is something else, or written in another way. */
export function jsonIntegerAt(octets: Uint8Array, start: number): number {
  let value = 0;
  let at = start;
  let digit = digitAt(octets, at);
  for (; digit >= 0; digit = digitAt(octets, ++at)) value = value * 10 + digit;
  const digits = at - start;
  const next = octets[at];
  if (digits === 0 || digits > MAX_DIGITS || (next !== COMMA && next !== LIST_END)) return -1;
  return value;
}

/** Whether the item there is an empty map. */
export function isEmptyJsonMapAt(octets: Uint8Array, at: number): boolean {
  return octets[at] === MAP_BEGIN && octets[at + 1] === MAP_END;
}

/** Where the text begins that is the item there; -1: it is no text. */
export function jsonTextStart(octets: Uint8Array, at: number): number {
  return octets[at] === QUOTE ? at + 1 : -1;
}

/** Where a text ends that begins there; -1: it has other octets than those that stand for themselves in ASCII. */
export function jsonTextEnd(octets: Uint8Array, start: number): number {
  let at = start;
  let octet = octets[at] as number;
  for (; octet !== QUOTE; octet = octets[++at] as number) {
    if (octet < 0x20 || octet >= 0x80 || octet === BACKSLASH) return -1;
  }
  return at;
}

/** Where the value of a pair begins, whose key begins there; -1: it is not one. */
function keyEnd(octets: Uint8Array, at: number, length: number): number {
  if (octets[at] !== QUOTE) return -1;
  const end = stringEnd(octets, at + 1, length);
  return end >= 0 && octets[end] === COLON ? end + 1 : -1;
}

function scalarEnd(octets: Uint8Array, at: number, length: number, first: number): number {
  if (first === QUOTE) return stringEnd(octets, at + 1, length);
  switch (first) {
    case 0x74:
      return wordEnd(octets, at, 0x72, 0x75, 0x65) ? at + 4 : -1;
    case 0x6e:
      return wordEnd(octets, at, 0x75, 0x6c, 0x6c) ? at + 4 : -1;
    case 0x66:
      return octets[at + 1] === 0x61 && wordEnd(octets, at + 1, 0x6c, 0x73, 0x65) ? at + 5 : -1;
    default:
      return numberEnd(octets, at);
  }
}

function wordEnd(octets: Uint8Array, at: number, one: number, two: number, three: number): boolean {
  return octets[at + 1] === one && octets[at + 2] === two && octets[at + 3] === three;
}

/** The place behind the quote of a string; -1: it has none, or something is wrong before. */
function stringEnd(octets: Uint8Array, start: number, length: number): number {
  let longAt = start + LONG_TEXT;
  for (let at = start; at < length; at++) {
    if (at === longAt) {
      isAscii = false;
      at = unescapedRunEnd(octets, at, length);
      if (at === length) return -1;
      longAt = at + LONG_TEXT;
    }
    const octet = octets[at] as number;
    if (octet === QUOTE) return at + 1;
    if (octet < 0x20) return -1;
    if (octet >= 0x80) isAscii = false;
    else if (octet === BACKSLASH) {
      const end = escapeEnd(octets, at + 1);
      if (end < 0) return -1;
      if (end > longAt) longAt = end + LONG_TEXT;
      at = end - 1;
    }
  }
  return -1;
}

/** The place behind an escape, whose backslash is before; -1: it is none. */
function escapeEnd(octets: Uint8Array, at: number): number {
  switch (octets[at]) {
    case QUOTE:
    case BACKSLASH:
    case 0x2f:
    case 0x62:
    case 0x66:
    case 0x6e:
    case 0x72:
    case 0x74:
      return at + 1;
    case 0x75:
      for (let digit = at + 1; digit <= at + 4; digit++) {
        if (hexDigit(octets[digit] ?? 0) < 0) return -1;
      }
      return at + 5;
    default:
      return -1;
  }
}

function numberEnd(octets: Uint8Array, start: number): number {
  const first = octets[start] === MINUS ? start + 1 : start;
  let at = digitsEnd(octets, first);
  if (at < 0 || (octets[first] === ZERO && at > first + 1)) return -1;
  if (octets[at] === POINT) at = digitsEnd(octets, at + 1);
  if (at < 0) return -1;
  const exponent = octets[at];
  if (exponent !== 0x65 && exponent !== 0x45) return at;
  const sign = octets[at + 1];
  return digitsEnd(octets, sign === 0x2b || sign === MINUS ? at + 2 : at + 1);
}

/** The place behind the digits there; -1: there are none. */
function digitsEnd(octets: Uint8Array, start: number): number {
  let at = start;
  while (digitAt(octets, at) >= 0) at++;
  return at === start ? -1 : at;
}

/** The digit there; -1: it is none. */
function digitAt(octets: Uint8Array, at: number): number {
  const digit = (octets[at] ?? 0) - ZERO;
  return digit >= 0 && digit <= 9 ? digit : -1;
}
