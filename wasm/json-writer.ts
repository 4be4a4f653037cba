/** Writes the values of JSON, in the forms of JsonWriter. */

import { printDecimal } from "./host";
import { copy, hasRoom, Output, SLACK } from "./memory";
import { isUtf8, runEnd } from "./text";

const QUOTE: u32 = 0x22;
const BACKSLASH: u32 = 0x5c;

/** Decimals of more places are left to JavaScript. */
const MAX_PLACES: u32 = 6;
const POWERS = memory.data<f64>([1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6]);
/** The digits of a decimal below this are an exact float. */
const EXACT: f64 = 1e15;

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
  let length: usize = 1;
  for (let rest = value; rest >= 10; rest /= 10) length++;
  let at = Output.at + length;
  Output.at = at;
  let rest = value;
  do {
    store<u8>(--at, 0x30 + <u32>(rest % 10));
    rest /= 10;
  } while (rest != 0);
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
  if (reinterpret<u64>(value) >> 63 != 0) putOctet(0x2d);
  const size = abs(value);
  if (size == 0 || (size >= 1e-6 && size < EXACT && putShort(size))) {
    if (size == 0) putZero();
    return true;
  }
  // JavaScript writes the sign itself.
  if (value < 0) Output.at--;
  const start = Output.at;
  Output.at = printDecimal(value, start);
  // An integer below 10^21 is printed without point and exponent.
  if (size < 1e21 && trunc(size) == size) putPointZero();
  return true;
}

function putZero(): void {
  putOctet(0x30);
  putPointZero();
}

function putPointZero(): void {
  putOctet(0x2e);
  putOctet(0x30);
}

/** Writes a decimal of few places, if the float is one; the fewest places are the shortest form. */
function putShort(size: f64): bool {
  for (let places: u32 = 0; places <= MAX_PLACES; places++) {
    const power = load<f64>(POWERS + ((<usize>places) << 3));
    const digits = nearest(size * power);
    if (digits >= EXACT) return false;
    // As in the reader, one division of exact numbers rounds as a parser of decimals would.
    if (digits / power != size) continue;
    putPlaces(<u64>digits, places);
    return true;
  }
  return false;
}

function putPlaces(digits: u64, places: u32): void {
  if (places == 0) {
    putUnsigned(digits);
    putPointZero();
    return;
  }
  let power: u64 = 1;
  for (let place: u32 = 0; place < places; place++) power *= 10;
  putUnsigned(digits / power);
  putOctet(0x2e);
  let rest = digits % power;
  for (let place = places; place > 0; place--) {
    store<u8>(Output.at + place - 1, 0x30 + <u32>(rest % 10));
    rest /= 10;
  }
  Output.at += places;
}

/** Writes text; false where it is not UTF-8, begins with NUL without being a key, or has no room. */
export function putText(from: usize, octets: usize, isKey: bool): bool {
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
