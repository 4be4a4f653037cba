/**
 * Reads MsgPack without extensions.
 *
 * A reader returns false for what is malformed, rare or hard; the exact reader then judges the message.
 */

import { hasRoom, Input, MAX_DEPTH, SLACK } from "./memory";
import { isJson } from "./target";
import * as values from "./values";

/** Reads a whole message. */
export function readMsgpack<T>(): bool {
  return value<T>(0) && Input.at == Input.end;
}

/** Reads the value that begins at the input's position. */
function value<T>(depth: u32): bool {
  if (!hasRoom(SLACK) || Input.at >= Input.end) return false;
  const code = <u32>load<u8>(Input.at++);
  if (code < 0x80) return values.unsigned<T>(code);
  if (code >= 0xe0) return values.negative<T>(0xff - code);
  if (code < 0x90) return map<T>(depth, code & 15);
  if (code < 0xa0) return list<T>(depth, code & 15);
  if (code < 0xc0) return text<T>(code & 31, false);
  return codedValue<T>(depth, code);
}

function codedValue<T>(depth: u32, code: u32): bool {
  const at = Input.at;
  switch (code) {
    case 0xc0:
      return values.nothing<T>();
    case 0xc2:
      return values.boolean<T>(false);
    case 0xc3:
      return values.boolean<T>(true);
    case 0xc4:
    case 0xc5:
    case 0xc6: {
      const length = lengthOf(code - 0xc4);
      return (
        length >= 0 && take(length) && values.octets<T>(Input.at - <usize>length, <usize>length)
      );
    }
    case 0xca:
      return take(4) && values.float<T>(<f64>reinterpret<f32>(bswap<u32>(load<u32>(at))));
    case 0xcb:
      return take(8) && values.float<T>(reinterpret<f64>(bswap<u64>(load<u64>(at))));
    case 0xcc:
      return take(1) && values.unsigned<T>(load<u8>(at));
    case 0xcd:
      return take(2) && values.unsigned<T>(bswap<u16>(load<u16>(at)));
    case 0xce:
      return take(4) && values.unsigned<T>(bswap<u32>(load<u32>(at)));
    case 0xcf:
      return take(8) && values.unsigned<T>(bswap<u64>(load<u64>(at)));
    case 0xd0:
      return take(1) && signed<T>(<i64>load<i8>(at));
    case 0xd1:
      return take(2) && signed<T>(<i64>(<i16>bswap<u16>(load<u16>(at))));
    case 0xd2:
      return take(4) && signed<T>(<i64>(<i32>bswap<u32>(load<u32>(at))));
    case 0xd3:
      return take(8) && signed<T>(<i64>bswap<u64>(load<u64>(at)));
    case 0xd9:
    case 0xda:
    case 0xdb:
      return text<T>(lengthOf(code - 0xd9), false);
    case 0xdc:
    case 0xdd:
      return list<T>(depth, lengthOf(code - 0xdb));
    case 0xde:
    case 0xdf:
      return map<T>(depth, lengthOf(code - 0xdd));
    default:
      return false;
  }
}

function signed<T>(value: i64): bool {
  return value >= 0 ? values.unsigned<T>(value) : values.negative<T>(<u64>~value);
}

/** A length of 1, 2 or 4 octets, for 0, 1 or 2; -1: the input ends within it. */
function lengthOf(size: u32): i64 {
  const at = Input.at;
  if (!take((<i64>1) << size)) return -1;
  if (size == 0) return load<u8>(at);
  return size == 1 ? <i64>bswap<u16>(load<u16>(at)) : <i64>bswap<u32>(load<u32>(at));
}

/** Whether the input has so many more octets. */
function fits(octets: i64): bool {
  return octets <= <i64>(Input.end - Input.at);
}

/** Goes behind so many octets. */
function take(octets: i64): bool {
  if (!fits(octets)) return false;
  Input.at += <usize>octets;
  return true;
}

function text<T>(length: i64, isKey: bool): bool {
  return (
    length >= 0 && take(length) && values.text<T>(Input.at - <usize>length, <usize>length, isKey)
  );
}

function list<T>(depth: u32, count: i64): bool {
  if (count < 0 || depth >= MAX_DEPTH || !fits(count)) return false;
  values.beginList<T>(<u32>count);
  for (let index: i64 = 0; index < count; index++) {
    if (index > 0) values.separator<T>(0x2c);
    if (!value<T>(depth + 1)) return false;
  }
  values.separator<T>(0x5d);
  return true;
}

function map<T>(depth: u32, count: i64): bool {
  if (count < 0 || depth >= MAX_DEPTH || !fits(count << 1)) return false;
  values.beginMap<T>(<u32>count);
  for (let index: i64 = 0; index < count; index++) {
    if (index > 0) values.separator<T>(0x2c);
    if (!key<T>(depth + 1)) return false;
    values.separator<T>(0x3a);
    if (!value<T>(depth + 1)) return false;
  }
  values.separator<T>(0x7d);
  return true;
}

/** Reads a key. Keys of JSON are text; two others could become the same text. */
function key<T>(depth: u32): bool {
  if (!isJson<T>()) return value<T>(depth);
  if (!hasRoom(SLACK) || Input.at >= Input.end) return false;
  const code = <u32>load<u8>(Input.at++);
  if (code >= 0xa0 && code < 0xc0) return text<T>(code & 31, true);
  return code >= 0xd9 && code <= 0xdb ? text<T>(lengthOf(code - 0xd9), true) : false;
}
