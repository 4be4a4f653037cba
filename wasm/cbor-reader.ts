/**
 * Reads CBOR of definite lengths, without tags.
 *
 * Each function takes the position at which it begins, and returns the one behind what it has read, or `REFUSED` for
 * what is malformed, rare or hard; the exact reader then judges the message.
 */

import { hasRoom, Input, MAX_DEPTH, REFUSED, SLACK } from "./memory";
import { isJson } from "./target";
import * as values from "./values";

/** Reads a whole message. */
export function readCbor<T>(): bool {
  return value<T>(Input.begin, 0) == Input.end;
}

function value<T>(from: usize, depth: u32): usize {
  if (!hasRoom(SLACK) || from >= Input.end) return REFUSED;
  const first = <u32>load<u8>(from);
  if (first >= 0xe0) return simple<T>(from + 1, first);
  const at = behindHead(from + 1, first & 31);
  if (at == REFUSED) return REFUSED;
  const argument = argumentBefore(at, first & 31);
  switch (first >> 5) {
    case 0:
      return values.unsigned<T>(argument) ? at : REFUSED;
    case 1:
      return values.negative<T>(argument) ? at : REFUSED;
    case 2:
      return fits(at, argument) && values.octets<T>(at, <usize>argument)
        ? at + <usize>argument
        : REFUSED;
    case 3:
      return text<T>(at, argument, false);
    case 4:
      return depth < MAX_DEPTH && fits(at, argument)
        ? list<T>(at, depth + 1, <u32>argument)
        : REFUSED;
    case 5:
      return depth < MAX_DEPTH && fits(at, argument << 1)
        ? map<T>(at, depth + 1, <u32>argument)
        : REFUSED;
    default:
      return REFUSED;
  }
}

/** Where a head ends whose first octet has been read; `REFUSED` where it has no argument, or the input ends within it. */
function behindHead(at: usize, info: u32): usize {
  if (info < 24) return at;
  const length: usize = 1 << (info - 24);
  return info < 28 && length <= Input.end - at ? at + length : REFUSED;
}

/** The argument of the head that ends there. */
function argumentBefore(end: usize, info: u32): u64 {
  if (info < 24) return info;
  if (info == 24) return load<u8>(end - 1);
  if (info == 25) return bswap<u16>(load<u16>(end - 2));
  return info == 26 ? bswap<u32>(load<u32>(end - 4)) : bswap<u64>(load<u64>(end - 8));
}

/** Whether the input has so many more octets. */
function fits(at: usize, octets: u64): bool {
  return octets <= <u64>(Input.end - at);
}

function text<T>(at: usize, octets: u64, isKey: bool): usize {
  return fits(at, octets) && values.text<T>(at, <usize>octets, isKey)
    ? at + <usize>octets
    : REFUSED;
}

function list<T>(begin: usize, depth: u32, count: u32): usize {
  let at = begin;
  values.beginList<T>(count);
  for (let index: u32 = 0; index < count; index++) {
    if (index > 0) values.separator<T>(0x2c);
    at = value<T>(at, depth);
    if (at == REFUSED) return REFUSED;
  }
  values.separator<T>(0x5d);
  return at;
}

function map<T>(begin: usize, depth: u32, count: u32): usize {
  let at = begin;
  values.beginMap<T>(count);
  for (let index: u32 = 0; index < count; index++) {
    if (index > 0) values.separator<T>(0x2c);
    at = key<T>(at, depth);
    if (at == REFUSED) return REFUSED;
    values.separator<T>(0x3a);
    at = value<T>(at, depth);
    if (at == REFUSED) return REFUSED;
  }
  values.separator<T>(0x7d);
  return at;
}

/** Reads a key. Keys of JSON are text; two others could become the same text. */
function key<T>(from: usize, depth: u32): usize {
  if (!isJson<T>()) return value<T>(from, depth);
  if (!hasRoom(SLACK) || from >= Input.end) return REFUSED;
  const first = <u32>load<u8>(from);
  if (first >> 5 != 3) return REFUSED;
  const at = behindHead(from + 1, first & 31);
  return at == REFUSED ? REFUSED : text<T>(at, argumentBefore(at, first & 31), true);
}

function simple<T>(at: usize, first: u32): usize {
  switch (first) {
    case 0xf4:
      return values.boolean<T>(false) ? at : REFUSED;
    case 0xf5:
      return values.boolean<T>(true) ? at : REFUSED;
    case 0xf6:
      return values.nothing<T>() ? at : REFUSED;
    case 0xfa:
      return fits(at, 4) && values.float<T>(<f64>reinterpret<f32>(bswap<u32>(load<u32>(at))))
        ? at + 4
        : REFUSED;
    case 0xfb:
      return fits(at, 8) && values.float<T>(reinterpret<f64>(bswap<u64>(load<u64>(at))))
        ? at + 8
        : REFUSED;
    default:
      return REFUSED;
  }
}
