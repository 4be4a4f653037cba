/**
 * Decimal digits to floats.
 *
 * @module
 */

/** A 64-bit float holds every integer of so many decimal digits. */
export const EXACT_DIGITS = 15;

const POWERS_OF_TEN = Array.from({ length: EXACT_DIGITS + 1 }, (_, power) => 10 ** power);

/**
 * The float of an optional sign, digits, a point at `point` and more digits, at most EXACT_DIGITS
 * in all. Their integer and the power of ten are then exact floats, so one division rounds as a
 * parser of decimals would.
 */
export function exactDecimal(
  octets: Uint8Array,
  start: number,
  point: number,
  end: number,
): number {
  const isNegative = octets[start] === 0x2d;
  let digits = 0;
  for (let at = isNegative ? start + 1 : start; at < end; at++) {
    if (at !== point) digits = digits * 10 + octets[at]! - 0x30;
  }
  const value = digits / POWERS_OF_TEN[end - point - 1]!;
  return isNegative ? -value : value;
}
