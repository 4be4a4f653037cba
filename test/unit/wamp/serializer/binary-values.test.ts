/** What the packages are given, and what they give, with their own encoders. */

import { describe, expect, test } from "bun:test";
import { encodeCbor } from "#wamp/serializer/cbor/cbor-values.ts";
import { encodeMsgpack } from "#wamp/serializer/msgpack/msgpack-values.ts";
import { UnrepresentableValue } from "#wamp/token/unrepresentable-value.ts";
import { titled } from "../../../support/titles.ts";

const hexOf = (octets: Uint8Array) => octets.toHex();

test.each(
  titled(
    [
      [[1, -1, 1.5, "a", null, true], "8601 20 fb3ff8000000000000 6161 f6 f5"],
      [[2 ** 31 - 1, 2 ** 40, -(2 ** 40)], "83 1a7fffffff 1b0000010000000000 3b000000ffffffffff"],
      [[2n ** 64n - 1n], "81 1bffffffffffffffff"],
      [[{ a: undefined, b: { c: undefined } }], "81 a1 6162 a0"],
      [[new Uint8Array([0, 255])], "81 4200ff"],
      [[[{ id: 2 ** 53 - 1 }]], "8181a1 626964 1b001fffffffffffff"],
    ],
    1,
  ),
)("CBOR of %s", (_title, values, hex) => {
  expect(hexOf(encodeCbor(values))).toBe(hex.replaceAll(" ", ""));
});

test.each(
  titled(
    [
      [[1, -1, 1.5, "a", null, true], "9601 ff cb3ff8000000000000 a161 c0 c3"],
      [[2 ** 31 - 1, 2 ** 40, -(2 ** 40)], "93 ce7fffffff d30000010000000000 d3ffffff0000000000"],
      [[2n ** 64n - 1n], "91 cfffffffffffffffff"],
      [[{ a: undefined, b: { c: undefined } }], "91 81 a162 80"],
      [[new Uint8Array([0, 255])], "91 c40200ff"],
      [[[{ id: 2 ** 53 - 1 }]], "9191 81 a26964 d3001fffffffffffff"],
    ],
    1,
  ),
)("MsgPack of %s", (_title, values, hex) => {
  expect(hexOf(encodeMsgpack(values))).toBe(hex.replaceAll(" ", ""));
});

describe.each([
  ["cbor", encodeCbor],
  ["msgpack", encodeMsgpack],
] as const)("%s", (_name, encode) => {
  test("returns octets that the next encoding leaves alone", () => {
    const first = encode([1, "first"]);
    const before = hexOf(first);
    encode([2, "other"]);
    expect(hexOf(first)).toBe(before);
  });
});

test("an integer of 65 bits is a big integer in CBOR and unrepresentable in MsgPack", () => {
  expect(hexOf(encodeCbor([2n ** 64n]))).toBe("81c249010000000000000000");
  const write = () => encodeMsgpack([2n ** 64n]);
  expect(write).toThrow(UnrepresentableValue);
  expect(write).toThrow("Cannot represent a value in msgpack: ");
});
