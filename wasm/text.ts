/** Searches and checks of text, 16 octets at a time. */

import { isLongUtf8 } from "./host";

/** From so many octets on a text that is not ASCII is checked natively: a call costs as much. */
const LONG_TEXT: usize = 64;

/** The first quote, backslash or control character from `from` up to `end`; `end` when there is none. */
export function runEnd(from: usize, end: usize): usize {
  for (let at = from; at < end; at += 16) {
    const found = specials(v128.load(at));
    if (found != 0) return min(at + ctz(found), end);
  }
  return end;
}

/** The quotes, backslashes and control characters among 16 octets, as bits. */
export function specials(octets: v128): i32 {
  return i8x16.bitmask(
    v128.or(
      v128.or(i8x16.eq(octets, i8x16.splat(0x22)), i8x16.eq(octets, i8x16.splat(0x5c))),
      i8x16.lt_u(octets, i8x16.splat(0x20)),
    ),
  );
}

/** Whether the first octets of 16 are ASCII. */
export function isAscii(octets: v128, length: u32): bool {
  return (i8x16.bitmask(octets) & ((1 << length) - 1)) == 0;
}

/** Whether the octets from `from` up to `end` are UTF-8, without surrogates (RFC 3629). */
export function isUtf8(from: usize, end: usize): bool {
  let at = asciiEnd(from, end);
  while (at < end) {
    if (i8x16.bitmask(v128.load(at)) == 0) {
      at += 16;
      continue;
    }
    if (end - at > LONG_TEXT) return isLongUtf8(at, end);
    const first = <u32>load<u8>(at);
    if (first < 0x80) {
      at++;
      continue;
    }
    const length = sequenceLength(at, first);
    if (length == 0 || at + length > end) return false;
    at += length;
  }
  return true;
}

/** Goes forward in steps of 64 octets, as long as all of them are ASCII. */
function asciiEnd(from: usize, end: usize): usize {
  let at = from;
  for (; at + 64 <= end; at += 64) {
    const first = v128.or(v128.load(at), v128.load(at, 16));
    const second = v128.or(v128.load(at, 32), v128.load(at, 48));
    if (i8x16.bitmask(v128.or(first, second)) != 0) break;
  }
  return at;
}

/** The length of the character of several octets that begins there; 0: it is none. */
function sequenceLength(at: usize, first: u32): usize {
  if (first < 0xc2 || !continues(at + 1)) return 0;
  if (first < 0xe0) return 2;
  const second = <u32>load<u8>(at + 1);
  if (!continues(at + 2)) return 0;
  if (first < 0xf0) {
    // Not in its shortest form, or a surrogate.
    return (first == 0xe0 && second < 0xa0) || (first == 0xed && second >= 0xa0) ? 0 : 3;
  }
  if (first > 0xf4 || !continues(at + 3)) return 0;
  return (first == 0xf0 && second < 0x90) || (first == 0xf4 && second >= 0x90) ? 0 : 4;
}

function continues(at: usize): bool {
  return (load<u8>(at) & 0xc0) == 0x80;
}

/** Writes a character as UTF-8; returns where it ends. */
export function putCharacter(to: usize, code: u32): usize {
  if (code < 0x80) {
    store<u8>(to, code);
    return to + 1;
  }
  if (code < 0x800) {
    store<u8>(to, 0xc0 | (code >> 6));
    store<u8>(to, 0x80 | (code & 63), 1);
    return to + 2;
  }
  if (code < 0x10000) {
    store<u8>(to, 0xe0 | (code >> 12));
    store<u8>(to, 0x80 | ((code >> 6) & 63), 1);
    store<u8>(to, 0x80 | (code & 63), 2);
    return to + 3;
  }
  store<u8>(to, 0xf0 | (code >> 18));
  store<u8>(to, 0x80 | ((code >> 12) & 63), 1);
  store<u8>(to, 0x80 | ((code >> 6) & 63), 2);
  store<u8>(to, 0x80 | (code & 63), 3);
  return to + 4;
}
