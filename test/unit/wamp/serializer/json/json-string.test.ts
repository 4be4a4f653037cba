import { expect, test } from "bun:test";
import {
  appendCodePoint,
  binaryOf,
  hexDigit,
  shortEscape,
} from "#wamp/serializer/json/json-string.ts";
import { OctetBuffer } from "#wamp/token/octet-buffer.ts";

test("short escapes are those of RFC 8259", () => {
  const letters = Array.from({ length: 256 }, (_, letter) => letter);
  const found = letters.flatMap((letter) => {
    const code = shortEscape(letter);
    return code === undefined ? [] : [[String.fromCharCode(letter), code]];
  });
  expect(Object.fromEntries(found)).toEqual({
    '"': 0x22,
    "\\": 0x5c,
    "/": 0x2f,
    b: 8,
    f: 12,
    n: 10,
    r: 13,
    t: 9,
  });
});

test("hexadecimal digits are of either case", () => {
  const digits = Array.from({ length: 256 }, (_, octet) => hexDigit(octet));
  expect(Array.from("0123456789abcdefABCDEF", (digit) => digits[digit.charCodeAt(0)])).toEqual([
    ...Array.from({ length: 16 }, (_, value) => value),
    ...[10, 11, 12, 13, 14, 15],
  ]);
  expect(digits.filter((value) => value === -1)).toHaveLength(256 - 22);
});

test.each([
  [0, "00"],
  [0x7f, "7f"],
  [0x80, "c280"],
  [0x7ff, "dfbf"],
  [0x800, "e0a080"],
  [0xffff, "efbfbf"],
  [0x10000, "f0908080"],
  [0x10ffff, "f48fbfbf"],
])("code point %d is %s", (code, hex) => {
  const out = new OctetBuffer();
  out.appendOctet(0x61);
  appendCodePoint(out, code);
  expect(out.take().toHex()).toBe(`61${hex}`);
});

test.each([
  ["", ""],
  ["AA==", "00"],
  ["AP8=", "00ff"],
  ["+/+/", "fbffbf"],
])("NUL and %p are binary %s", (base64, hex) => {
  expect(binaryOf(Buffer.from(`\0${base64}`))?.toHex()).toBe(hex);
});

test.each(["A", "AA", "AP8", "AP9=", "AP8=\n", "AP8= ", "-_-_", "é", "AP8=AP8="])(
  "NUL and %j are not binary",
  (text) => {
    expect(binaryOf(Buffer.from(`\0${text}`))).toBeUndefined();
  },
);
