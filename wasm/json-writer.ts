/** Writes the values of JSON, in the forms of JsonWriter. */

import { printDecimal } from "./host";
import { copy, hasRoom, Output, SLACK } from "./memory";
import { isAscii, isUtf8, runEnd, specials } from "./text";

const QUOTE: u32 = 0x22;
const BACKSLASH: u32 = 0x5c;

/** Decimals of more places are left to JavaScript. */
const PLACES: u32 = 6;
const POWER: f64 = 1e6;
/** The digits of a decimal below this are an exact float. */
const EXACT: f64 = 1e15;

const BILLION: u64 = 1_000_000_000;

const DIGITS = memory.data<u8>([
  0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66,
]);

export function putOctet(octet: u32): void {
  store<u8>(Output.at, octet);
  Output.at++;
}

export function putNull(): void {
  store<u32>(Output.at, 0x6c6c756e);
  Output.at += 4;
}

export function putBoolean(value: bool): void {
  if (value) {
    store<u32>(Output.at, 0x65757274);
    Output.at += 4;
  } else {
    store<u32>(Output.at, 0x736c6166);
    store<u8>(Output.at, 0x65, 4);
    Output.at += 5;
  }
}

export function putUnsigned(value: u64): void {
  if (value < 10) {
    putOctet(0x30 + <u32>value);
  } else if (value < 0x100000000) {
    putDigits(<u32>value, lengthOf(<u32>value));
  } else {
    putUnsigned(value / BILLION);
    putDigits(<u32>(value % BILLION), 9);
  }
}

/** The number of decimal digits. */
function lengthOf(value: u32): u32 {
  if (value < 10_000) {
    if (value < 100) return value < 10 ? 1 : 2;
    return value < 1_000 ? 3 : 4;
  }
  if (value < 1_000_000) return value < 100_000 ? 5 : 6;
  if (value < 100_000_000) return value < 10_000_000 ? 7 : 8;
  return value < 1_000_000_000 ? 9 : 10;
}

/** Writes so many decimal digits, the first of which may be zeros. */
function putDigits(value: u32, length: u32): void {
  const begin = Output.at;
  let rest = value;
  for (let at = begin + length; at > begin; ) {
    const tenth = tenthOf(rest);
    store<u8>(--at, 0x30 + rest - tenth * 10);
    rest = tenth;
  }
  Output.at = begin + length;
}

/** A tenth, rounded down; a multiplication takes less time than a division. */
function tenthOf(value: u32): u32 {
  return <u32>((<u64>value * 0xcccccccd) >> 35);
}

/** Writes -1 - `argument`; false where that has more than 64 bits. */
export function putNegative(argument: u64): bool {
  if (argument == u64.MAX_VALUE) return false;
  putOctet(0x2d);
  putUnsigned(argument + 1);
  return true;
}

/** Writes a float, so that it reads as a float; false for what is no number. */
export function putFloat(value: f64): bool {
  if (!(abs(value) < Infinity)) return false;
  const start = Output.at;
  if (reinterpret<u64>(value) >> 63 != 0) putOctet(0x2d);
  const size = abs(value);
  const isInteger = trunc(size) == size;
  if (isInteger && size < EXACT) putUnsigned(<u64>size);
  else if (isInteger || !putShort(size)) Output.at = printDecimal(value, start);
  // An integer below 10^21 is printed without point and exponent.
  if (isInteger && size < 1e21) {
    putOctet(0x2e);
    putOctet(0x30);
  }
  return true;
}

/** Writes a decimal of few places, if the float is one; the fewest places are its shortest form. */
function putShort(size: f64): bool {
  if (size < 1e-6 || size >= EXACT / POWER) return false;
  const digits = <u64>nearest(size * POWER);
  // As in the reader, one division of exact numbers rounds as a parser of decimals would.
  if (<f64>digits / POWER != size) return false;
  let rest = <u32>(digits % <u64>POWER);
  let places = PLACES;
  for (let tenth = tenthOf(rest); tenth * 10 == rest; tenth = tenthOf(rest)) {
    rest = tenth;
    places--;
  }
  putUnsigned(digits / <u64>POWER);
  putOctet(0x2e);
  putDigits(rest, places);
  return true;
}

/** Writes text; false where it is not UTF-8, begins with NUL without being a key, or has no room. */
export function putText(from: usize, octets: usize, isKey: bool): bool {
  if (octets <= 16 && putShortText(v128.load(from), <u32>octets)) return true;
  const end = from + octets;
  if (!hasRoom(octets + SLACK) || !isUtf8(from, end)) return false;
  if (!isKey && octets > 0 && load<u8>(from) == 0) return false;
  putOctet(QUOTE);
  let start = from;
  for (;;) {
    const stop = runEnd(start, end);
    if (!hasRoom(end - start + SLACK)) return false;
    copy(Output.at, start, stop - start);
    Output.at += stop - start;
    if (stop == end) break;
    putEscape(<u32>load<u8>(stop));
    start = stop + 1;
  }
  putOctet(QUOTE);
  return true;
}

/** Writes the first octets of 16 as text; false where that is not ASCII, or needs an escape. */
function putShortText(text: v128, octets: u32): bool {
  if (!isAscii(text, octets) || (specials(text) & ((1 << octets) - 1)) != 0) return false;
  const at = Output.at;
  store<u8>(at, QUOTE);
  v128.store(at, text, 1);
  store<u8>(at + octets, QUOTE, 1);
  Output.at = at + octets + 2;
  return true;
}

function putEscape(octet: u32): void {
  putOctet(BACKSLASH);
  switch (octet) {
    case QUOTE:
    case BACKSLASH:
      putOctet(octet);
      return;
    case 8:
      putOctet(0x62);
      return;
    case 9:
      putOctet(0x74);
      return;
    case 10:
      putOctet(0x6e);
      return;
    case 12:
      putOctet(0x66);
      return;
    case 13:
      putOctet(0x72);
      return;
    default:
      store<u32>(Output.at, 0x30303075);
      store<u8>(Output.at, load<u8>(DIGITS + <usize>(octet >> 4)), 3);
      store<u8>(Output.at, load<u8>(DIGITS + <usize>(octet & 15)), 4);
      Output.at += 5;
  }
}
