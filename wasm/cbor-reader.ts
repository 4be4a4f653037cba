/**
 * Reads CBOR of definite lengths, without tags.
 *
 * A reader returns false for what is malformed, rare or hard; the exact reader then judges the message.
 */

import { hasRoom, Input, MAX_DEPTH, SLACK } from "./memory";
import { isJson } from "./target";
import * as values from "./values";

/** Whether the head that was read last is whole, and of a definite length. */
let isSound = true;

/** Reads a whole message. */
export function readCbor<T>(): bool {
  return value<T>(0) && Input.at == Input.end;
}

/** Reads the value that begins at the input's position. */
function value<T>(depth: u32): bool {
  if (!hasRoom(SLACK) || Input.at >= Input.end) return false;
  const first = <u32>load<u8>(Input.at++);
  if (first >= 0xe0) return simple<T>(first);
  const argument = argumentOf(first & 31);
  if (!isSound) return false;
  switch (first >> 5) {
    case 0:
      return values.unsigned<T>(argument);
    case 1:
      return values.negative<T>(argument);
    case 2:
      return take(argument) && values.octets<T>(Input.at - <usize>argument, <usize>argument);
    case 3:
      return take(argument) && values.text<T>(Input.at - <usize>argument, <usize>argument, false);
    case 4:
      return depth < MAX_DEPTH && fits(argument) && list<T>(depth + 1, <u32>argument);
    case 5:
      return depth < MAX_DEPTH && fits(argument << 1) && map<T>(depth + 1, <u32>argument);
    default:
      return false;
  }
}

/** The argument of a head, which is `isSound` unless the input ends within it. */
function argumentOf(info: u32): u64 {
  isSound = true;
  if (info < 24) return info;
  const at = Input.at;
  const length: usize = 1 << (info - 24);
  isSound = info < 28 && length <= Input.end - at;
  if (!isSound) return 0;
  Input.at = at + length;
  if (info == 24) return load<u8>(at);
  if (info == 25) return bswap<u16>(load<u16>(at));
  return info == 26 ? bswap<u32>(load<u32>(at)) : bswap<u64>(load<u64>(at));
}

/** Whether the input has so many more octets. */
function fits(octets: u64): bool {
  return octets <= <u64>(Input.end - Input.at);
}

/** Goes behind so many octets. */
function take(octets: u64): bool {
  if (!fits(octets)) return false;
  Input.at += <usize>octets;
  return true;
}

function list<T>(depth: u32, count: u32): bool {
  values.beginList<T>(count);
  for (let index: u32 = 0; index < count; index++) {
    if (index > 0) values.separator<T>(0x2c);
    if (!value<T>(depth)) return false;
  }
  values.separator<T>(0x5d);
  return true;
}

function map<T>(depth: u32, count: u32): bool {
  values.beginMap<T>(count);
  for (let index: u32 = 0; index < count; index++) {
    if (index > 0) values.separator<T>(0x2c);
    if (!key<T>(depth)) return false;
    values.separator<T>(0x3a);
    if (!value<T>(depth)) return false;
  }
  values.separator<T>(0x7d);
  return true;
}

/** Reads a key. Keys of JSON are text; two others could become the same text. */
function key<T>(depth: u32): bool {
  if (!isJson<T>()) return value<T>(depth);
  if (!hasRoom(SLACK) || Input.at >= Input.end) return false;
  const first = <u32>load<u8>(Input.at++);
  if (first >> 5 != 3) return false;
  const octets = argumentOf(first & 31);
  return isSound && take(octets) && values.text<T>(Input.at - <usize>octets, <usize>octets, true);
}

function simple<T>(first: u32): bool {
  const at = Input.at;
  switch (first) {
    case 0xf4:
      return values.boolean<T>(false);
    case 0xf5:
      return values.boolean<T>(true);
    case 0xf6:
      return values.nothing<T>();
    case 0xfa:
      return take(4) && values.float<T>(<f64>reinterpret<f32>(bswap<u32>(load<u32>(at))));
    case 0xfb:
      return take(8) && values.float<T>(reinterpret<f64>(bswap<u64>(load<u64>(at))));
    default:
      return false;
  }
}
