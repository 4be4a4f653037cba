/** Reads the numbers of JSON: one with a point or an exponent is a float. */

import { writeFloat, writeNegative, writeUnsigned } from "./binary-writer";
import { parseDecimal } from "./host";
import { REFUSED } from "./memory";

const POINT: u32 = 0x2e;
const LETTER_E: u32 = 0x65;

/** A 64-bit float holds every integer of so many decimal digits. */
const EXACT_DIGITS: usize = 15;
/** A 64-bit integer holds every integer of so many decimal digits. */
const INTEGER_DIGITS: usize = 18;

const POWERS = memory.data<f64>([
  1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
]);

/** Reads the number that begins at `start`. */
export function readNumber<T>(start: usize): usize {
  const isNegative = load<u8>(start) == 0x2d;
  const first = isNegative ? start + 1 : start;
  let digits: u64 = 0;
  let at = first;
  for (let digit = digitAt(at); digit < 10; digit = digitAt(++at)) digits = digits * 10 + digit;
  const length = at - first;
  if (length == 0 || (length > 1 && load<u8>(first) == 0x30)) return REFUSED;
  const next = <u32>load<u8>(at);
  if (next == POINT || (next | 0x20) == LETTER_E) {
    return float<T>(start, first, at, digits);
  }
  if (length > INTEGER_DIGITS) return REFUSED;
  if (!isNegative) writeUnsigned<T>(digits);
  else if (digits == 0) writeFloat<T>(-0.0);
  else writeNegative<T>(digits - 1);
  return at;
}

function digitAt(at: usize): u32 {
  return <u32>load<u8>(at) - 0x30;
}

/** Reads a float, whose digits up to `point` are known. */
function float<T>(start: usize, first: usize, point: usize, digitsBefore: u64): usize {
  let at = point;
  let digits = digitsBefore;
  if (<u32>load<u8>(at) == POINT) {
    at++;
    for (let digit = digitAt(at); digit < 10; digit = digitAt(++at)) digits = digits * 10 + digit;
    if (at == point + 1) return REFUSED;
    if ((<u32>load<u8>(at) | 0x20) != LETTER_E && at - first - 1 <= EXACT_DIGITS) {
      // Integer and power of ten are exact, so that one division rounds as a parser of decimals would.
      const exact = <f64>digits / load<f64>(POWERS + ((at - point - 1) << 3));
      writeFloat<T>(first == start ? exact : -exact);
      return at;
    }
  }
  if ((<u32>load<u8>(at) | 0x20) == LETTER_E) {
    at++;
    const sign = <u32>load<u8>(at);
    if (sign == 0x2b || sign == 0x2d) at++;
    if (digitAt(at) > 9) return REFUSED;
    while (digitAt(at) <= 9) at++;
  }
  const decimal = parseDecimal(start, at);
  writeFloat<T>(decimal);
  return abs(decimal) < Infinity ? at : REFUSED;
}
