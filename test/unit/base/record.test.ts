import { expect, test } from "bun:test";
import { asMap, asRecord, isRecord } from "#base/record.ts";

test.each<[string, boolean, unknown]>([
  ["a map", true, { a: 1 }],
  ["an empty map", true, {}],
  ["a list", false, []],
  ["octets", false, new Uint8Array(2)],
  ["a buffer", false, Buffer.from("a")],
  ["null", false, null],
  ["undefined", false, undefined],
  ["a text", false, "a"],
  ["a number", false, 7],
])("%s is a dictionary: %p", (_name, isOne, value) => {
  expect(isRecord(value)).toBe(isOne);
  const expected = isOne ? (value as Record<string, unknown>) : {};
  expect(asRecord(value)).toEqual(expected);
  expect(asMap(value as never)).toEqual(expected);
});
