/**
 * Reads MsgPack without extensions.
 *
 * Each function takes the position at which it begins, and returns the one behind what it has read, or `REFUSED` for
 * what is malformed, rare or hard; the exact reader then judges the message.
 */

import { hasRoom, Input, MAX_DEPTH, REFUSED, SLACK } from "./memory";
import { isJson } from "./target";
import * as values from "./values";

/** Reads a whole message. */
export function readMsgpack<T>(): bool {
  return value<T>(Input.begin, 0) == Input.end;
}

function value<T>(from: usize, depth: u32): usize {
  if (!hasRoom(SLACK) || from >= Input.end) return REFUSED;
  const code = <u32>load<u8>(from);
  const at = from + 1;
  if (code < 0x80) return values.unsigned<T>(code) ? at : REFUSED;
  if (code >= 0xe0) return values.negative<T>(0xff - code) ? at : REFUSED;
  if (code < 0x90) return map<T>(at, depth, code & 15);
  if (code < 0xa0) return list<T>(at, depth, code & 15);
  if (code < 0xc0) return text<T>(at, code & 31, false);
  return codedValue<T>(at, depth, code);
}

function codedValue<T>(at: usize, depth: u32, code: u32): usize {
  switch (code) {
    case 0xc0:
      return values.nothing<T>() ? at : REFUSED;
    case 0xc2:
      return values.boolean<T>(false) ? at : REFUSED;
    case 0xc3:
      return values.boolean<T>(true) ? at : REFUSED;
    case 0xc4:
    case 0xc5:
    case 0xc6:
      return binary<T>(at, code - 0xc4);
    case 0xca:
      return fits(at, 4) && values.float<T>(<f64>reinterpret<f32>(bswap<u32>(load<u32>(at))))
        ? at + 4
        : REFUSED;
    case 0xcb:
      return fits(at, 8) && values.float<T>(reinterpret<f64>(bswap<u64>(load<u64>(at))))
        ? at + 8
        : REFUSED;
    case 0xcc:
    case 0xcd:
    case 0xce:
    case 0xcf:
      return unsigned<T>(at, code - 0xcc);
    case 0xd0:
    case 0xd1:
    case 0xd2:
    case 0xd3:
      return signed<T>(at, code - 0xd0);
    case 0xd9:
    case 0xda:
    case 0xdb:
      return longText<T>(at, code - 0xd9, false);
    case 0xdc:
    case 0xdd:
      return hasNumber(at, code - 0xdb)
        ? list<T>(behind(at, code - 0xdb), depth, numberAt(at, code - 0xdb))
        : REFUSED;
    case 0xde:
    case 0xdf:
      return hasNumber(at, code - 0xdd)
        ? map<T>(behind(at, code - 0xdd), depth, numberAt(at, code - 0xdd))
        : REFUSED;
    default:
      return REFUSED;
  }
}

/** Whether the input has a number of 1, 2, 4 or 8 octets there, for a size of 0 to 3. */
function hasNumber(at: usize, size: u32): bool {
  return fits(at, (<u64>1) << size);
}

function numberAt(at: usize, size: u32): u64 {
  if (size == 0) return load<u8>(at);
  if (size == 1) return bswap<u16>(load<u16>(at));
  return size == 2 ? bswap<u32>(load<u32>(at)) : bswap<u64>(load<u64>(at));
}

function behind(at: usize, size: u32): usize {
  return at + ((<usize>1) << size);
}

/** Whether the input has so many more octets. */
function fits(at: usize, octets: u64): bool {
  return octets <= <u64>(Input.end - at);
}

function unsigned<T>(at: usize, size: u32): usize {
  return hasNumber(at, size) && values.unsigned<T>(numberAt(at, size)) ? behind(at, size) : REFUSED;
}

function signed<T>(at: usize, size: u32): usize {
  if (!hasNumber(at, size)) return REFUSED;
  const unused = 64 - (8 << size);
  const value = <i64>(numberAt(at, size) << unused) >> unused;
  const isWritten = value >= 0 ? values.unsigned<T>(value) : values.negative<T>(<u64>~value);
  return isWritten ? behind(at, size) : REFUSED;
}

function binary<T>(at: usize, size: u32): usize {
  if (!hasNumber(at, size)) return REFUSED;
  const octets = numberAt(at, size);
  const begin = behind(at, size);
  return fits(begin, octets) && values.octets<T>(begin, <usize>octets)
    ? begin + <usize>octets
    : REFUSED;
}

function longText<T>(at: usize, size: u32, isKey: bool): usize {
  return hasNumber(at, size) ? text<T>(behind(at, size), numberAt(at, size), isKey) : REFUSED;
}

function text<T>(at: usize, octets: u64, isKey: bool): usize {
  return fits(at, octets) && values.text<T>(at, <usize>octets, isKey)
    ? at + <usize>octets
    : REFUSED;
}

function list<T>(begin: usize, depth: u32, count: u64): usize {
  if (depth >= MAX_DEPTH || !fits(begin, count)) return REFUSED;
  let at = begin;
  values.beginList<T>(<u32>count);
  for (let index: u64 = 0; index < count; index++) {
    if (index > 0) values.separator<T>(0x2c);
    at = value<T>(at, depth + 1);
    if (at == REFUSED) return REFUSED;
  }
  values.separator<T>(0x5d);
  return at;
}

function map<T>(begin: usize, depth: u32, count: u64): usize {
  if (depth >= MAX_DEPTH || !fits(begin, count << 1)) return REFUSED;
  let at = begin;
  values.beginMap<T>(<u32>count);
  for (let index: u64 = 0; index < count; index++) {
    if (index > 0) values.separator<T>(0x2c);
    at = key<T>(at, depth + 1);
    if (at == REFUSED) return REFUSED;
    values.separator<T>(0x3a);
    at = value<T>(at, depth + 1);
    if (at == REFUSED) return REFUSED;
  }
  values.separator<T>(0x7d);
  return at;
}

/** Reads a key. Keys of JSON are text; two others could become the same text. */
function key<T>(from: usize, depth: u32): usize {
  if (!isJson<T>()) return value<T>(from, depth);
  if (!hasRoom(SLACK) || from >= Input.end) return REFUSED;
  const code = <u32>load<u8>(from);
  if (code >= 0xa0 && code < 0xc0) return text<T>(from + 1, code & 31, true);
  return code >= 0xd9 && code <= 0xdb ? longText<T>(from + 1, code - 0xd9, true) : REFUSED;
}
