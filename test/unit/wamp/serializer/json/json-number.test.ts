import { expect, test } from "bun:test";
import { EXACT_DIGITS, exactDecimal } from "#wamp/serializer/json/json-number.ts";

test.each([
  "0.0",
  "-0.0",
  "1.0",
  "0.1",
  "-12.5",
  "0.00000000000001",
  "9.99999999999999",
  "99999999999999.9",
  "-0.30000000000001",
])("%s is the float that JavaScript reads", (text) => {
  expect(text.replace(/\D/g, "").length).toBeLessThanOrEqual(EXACT_DIGITS);
  const octets = Buffer.from(`[${text}]`);
  const float = exactDecimal(octets, 1, 1 + text.indexOf("."), 1 + text.length);
  expect(float).toBe(Number(text));
  expect(Object.is(float, -0)).toBe(text === "-0.0");
});

test("an integer of EXACT_DIGITS digits is exact, one of one more is not", () => {
  expect(Number.isSafeInteger(Number("9".repeat(EXACT_DIGITS)))).toBe(true);
  expect(Number.isSafeInteger(Number("9".repeat(EXACT_DIGITS + 1)))).toBe(false);
});
