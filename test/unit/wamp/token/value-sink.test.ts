import { describe, expect, test } from "bun:test";
import { CborReader } from "#wamp/serializer/cbor/cbor-reader.ts";
import { JsonReader } from "#wamp/serializer/json/json-reader.ts";
import { UnrepresentableValue } from "#wamp/token/unrepresentable-value.ts";
import { readWith } from "#wamp/token/value-sink.ts";
import { octetsOf } from "../../../support/token-log.ts";

describe("readWith", () => {
  test.each([
    ["f6", null],
    ["f5", true],
    ["20", -1],
    ["1b001fffffffffffff", 2 ** 53 - 1],
    ["1b0020000000000000", 2 ** 53],
    ["1b0020000000000001", 9007199254740993n],
    ["3b001fffffffffffff", -9007199254740992n],
    ["fb3ff8000000000000", 1.5],
    ["63e282ac", "€"],
    ["8201820280", [1, [2, []]]],
    ["a2616101616281a0", { a: 1, b: [{}] }],
    ["a2616101616102", { a: 2 }],
    ["a20102200a", { "1": 2, "-1": 10 }],
    ["a11b002000000000000101", { "9007199254740993": 1 }],
    ["a16161f7", {}],
    ["82f7a16161f7", [null, {}]],
  ])("CBOR %s", (hex, value) => {
    expect(readWith(new CborReader(), octetsOf(hex))).toEqual(value);
  });

  test("JSON", () => {
    expect(readWith(new JsonReader(), Buffer.from('{"é":[1.0]}'))).toEqual({ é: [1] });
  });

  test("binary is a copy", () => {
    const octets = octetsOf("420102");
    const value = readWith(new CborReader(), octets);
    octets.fill(0);
    expect(value).toEqual(new Uint8Array([1, 2]));
  });

  test("a key __proto__ is a property like others", () => {
    const value = readWith(new JsonReader(), Buffer.from('{"__proto__":{"x":1},"y":2}')) as object;
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(Object.entries(value)).toEqual([
      ["__proto__", { x: 1 }],
      ["y", 2],
    ]);
    expect(Object.getOwnPropertyDescriptor(value, "__proto__")).toEqual({
      ...Object.getOwnPropertyDescriptor(value, "y"),
      value: { x: 1 },
    });
  });

  test.each([
    ["81c001", "CBOR tag 0 as a value at [0]"],
    ["a1616181e0", "CBOR simple value 0 as a value at .a[0]"],
    ["a1f601", "null as a key of a value"],
    ["a1f401", "a boolean as a key of a value"],
    ["a1f93c0001", "a float as a key of a value"],
    ["a1410101", "binary as a key of a value"],
    ["a18001", "a list as a key of a value"],
    ["a1a001", "a map as a key of a value"],
  ])("CBOR %s has no JavaScript value", (hex, what) => {
    const read = () => readWith(new CborReader(), octetsOf(hex));
    expect(read).toThrow(UnrepresentableValue);
    expect(read).toThrow(`Cannot represent ${what}`);
  });
});
