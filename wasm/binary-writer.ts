/** Writes the values of CBOR and MsgPack, in the forms of CborWriter and MsgpackWriter. */

import { copy, hasRoom, Output, SLACK } from "./memory";
import { isCbor } from "./target";

const UNSIGNED: u32 = 0x00;
const NEGATIVE: u32 = 0x20;
const BINARY: u32 = 0x40;
const TEXT: u32 = 0x60;
const ARRAY: u32 = 0x80;
const MAP: u32 = 0xa0;

function octet(value: u32): void {
  store<u8>(Output.at, value);
  Output.at++;
}

/** A first octet and a big-endian number behind it. */
function coded<N>(code: u32, value: N): void {
  store<u8>(Output.at, code);
  store<N>(Output.at, bswap<N>(value), 1);
  Output.at += 1 + sizeof<N>();
}

function cborHead(major: u32, argument: u64): void {
  if (argument < 24) octet(major | <u32>argument);
  else if (argument < 0x100) coded<u8>(major | 24, <u8>argument);
  else if (argument < 0x10000) coded<u16>(major | 25, <u16>argument);
  else if (argument < 0x100000000) coded<u32>(major | 26, <u32>argument);
  else coded<u64>(major | 27, argument);
}

export function writeNull<T>(): void {
  octet(isCbor<T>() ? 0xf6 : 0xc0);
}

export function writeBoolean<T>(value: bool): void {
  if (isCbor<T>()) octet(value ? 0xf5 : 0xf4);
  else octet(value ? 0xc3 : 0xc2);
}

export function writeUnsigned<T>(value: u64): void {
  if (isCbor<T>()) cborHead(UNSIGNED, value);
  else if (value < 0x80) octet(<u32>value);
  else if (value < 0x100) coded<u8>(0xcc, <u8>value);
  else if (value < 0x10000) coded<u16>(0xcd, <u16>value);
  else if (value < 0x100000000) coded<u32>(0xce, <u32>value);
  else coded<u64>(0xcf, value);
}

/** Writes -1 - `argument`; false where the target has no such integer. */
export function writeNegative<T>(argument: u64): bool {
  if (isCbor<T>()) {
    cborHead(NEGATIVE, argument);
    return true;
  }
  if (argument > <u64>i64.MAX_VALUE) return false;
  const value = ~(<i64>argument);
  if (argument < 32) octet(<u32>value & 0xff);
  else if (argument < 0x80) coded<u8>(0xd0, <u8>value);
  else if (argument < 0x8000) coded<u16>(0xd1, <u16>value);
  else if (argument < 0x80000000) coded<u32>(0xd2, <u32>value);
  else coded<u64>(0xd3, <u64>value);
  return true;
}

export function writeFloat<T>(value: f64): void {
  coded<u64>(isCbor<T>() ? 0xfb : 0xcb, reinterpret<u64>(value));
}

/** Writes the head of a text of so many octets. */
export function writeTextHead<T>(octets: u32): void {
  if (isCbor<T>()) cborHead(TEXT, octets);
  else if (octets < 32) octet(0xa0 | octets);
  else writeLength(octets, 0xd9);
}

function writeLength(octets: u32, code8: u32): void {
  if (octets < 0x100) coded<u8>(code8, <u8>octets);
  else if (octets < 0x10000) coded<u16>(code8 + 1, <u16>octets);
  else coded<u32>(code8 + 2, octets);
}

/** Writes a text of at most 16 octets, which may overwrite what follows them. */
export function writeShortText<T>(octets: v128, length: u32): void {
  const at = Output.at;
  store<u8>(at, (isCbor<T>() ? TEXT : 0xa0) | length);
  v128.store(at, octets, 1);
  Output.at = at + 1 + length;
}

/** Writes text; false where the output has no room for it. */
export function writeText<T>(from: usize, octets: usize): bool {
  if (!hasRoom(octets + SLACK)) return false;
  writeTextHead<T>(<u32>octets);
  copy(Output.at, from, octets);
  Output.at += octets;
  return true;
}

/** Writes binary; false where the output has no room for it. */
export function writeBinary<T>(from: usize, octets: usize): bool {
  if (!hasRoom(octets + SLACK)) return false;
  if (isCbor<T>()) cborHead(BINARY, octets);
  else writeLength(<u32>octets, 0xc4);
  copy(Output.at, from, octets);
  Output.at += octets;
  return true;
}

/** Writes the head of a list of so many items, or of a map of so many pairs. */
export function writeCount<T>(count: u32, isMap: bool): void {
  if (isCbor<T>()) {
    cborHead(isMap ? MAP : ARRAY, count);
    return;
  }
  if (count < 16) octet((isMap ? 0x80 : 0x90) | count);
  else if (count < 0x10000) coded<u16>(isMap ? 0xde : 0xdc, <u16>count);
  else coded<u32>(isMap ? 0xdf : 0xdd, count);
}

/** Puts the count of a list or map into the one octet kept at `start`, or makes room for more. */
export function closeCount<T>(start: usize, count: u32, isMap: bool): void {
  const end = Output.at;
  const length = headLength<T>(count);
  if (length > 1) memory.copy(start + length, start + 1, end - start - 1);
  Output.at = start;
  writeCount<T>(count, isMap);
  Output.at = end + length - 1;
}

function headLength<T>(count: u32): usize {
  if (isCbor<T>()) {
    if (count < 24) return 1;
    if (count < 0x100) return 2;
    return count < 0x10000 ? 3 : 5;
  }
  if (count < 16) return 1;
  return count < 0x10000 ? 3 : 5;
}
