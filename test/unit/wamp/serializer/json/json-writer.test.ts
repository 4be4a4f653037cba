import { describe, expect, test } from "bun:test";
import { JsonWriter } from "#wamp/serializer/json/json-writer.ts";
import type { TokenWriter } from "#wamp/token/token-writer.ts";
import { UnrepresentableValue } from "#wamp/token/unrepresentable-value.ts";
import { titled } from "../../../../support/titles.ts";

const writer = new JsonWriter();

function json(write: (writer: TokenWriter) => void): string {
  writer.clear();
  write(writer);
  return writer.out.take().toString();
}

function text(to: TokenWriter, value: string): void {
  const octets = Buffer.from(`xx${value}xx`);
  to.text(octets, 2, octets.length - 2);
}

/** A map of these keys; a number is an integer key, and every value is null. */
function map(to: TokenWriter, ...keys: (string | number | bigint)[]): void {
  to.beginMap(keys.length);
  keys.forEach((key, index) => {
    to.key(index);
    if (typeof key === "string") text(to, key);
    else if (typeof key === "number") to.integer(key);
    else to.bigInteger(key);
    to.value();
    to.nil();
  });
  to.endMap(keys.length, keys.length);
}

describe("JsonWriter", () => {
  test.each([
    [9, "9"],
    [10, "10"],
    [-1, "-1"],
    [2 ** 53 - 1, "9007199254740991"],
  ])("integer %d", (value, expected) => {
    expect(json((to) => to.integer(value))).toBe(expected);
  });

  test.each([
    [1, "1.0"],
    [-0, "-0.0"],
    [0.1, "0.1"],
    [1e21, "1e+21"],
    [1e20, "100000000000000000000.0"],
    [5e-324, "5e-324"],
  ])("float %d", (value, expected) => {
    expect(json((to) => to.float(value))).toBe(expected);
  });

  test.each(
    titled(
      [
        ["", '""'],
        ["a b", '"a b"'],
        ["aé€😀/\x7f", '"aé€😀/\x7f"'],
        ['"\\', '"\\"\\\\"'],
        ["\b\t\n\f\r\x01\x1f", '"\\b\\t\\n\\f\\r\\u0001\\u001f"'],
        ["a".repeat(49), `"${"a".repeat(49)}"`],
        [`${"a".repeat(49)}\n${"b".repeat(49)}"`, `"${"a".repeat(49)}\\n${"b".repeat(49)}\\""`],
        ["\x01".repeat(20_000), `"${"\\u0001".repeat(20_000)}"`],
      ],
      1,
    ),
  )("text %s", (_title, value, expected) => {
    expect(json((to) => text(to, value))).toBe(expected);
  });

  test("binary, big integers and words", () => {
    expect(json((to) => to.binary(new Uint8Array([9, 0, 255, 9]), 1, 3))).toBe('"\\u0000AP8="');
    expect(json((to) => to.bigInteger(2n ** 64n))).toBe("18446744073709551616");
    expect(json((to) => to.boolean(true))).toBe("true");
    expect(json((to) => to.boolean(false))).toBe("false");
    expect(json((to) => to.nil())).toBe("null");
  });

  test("lists and maps", () => {
    const list = (to: TokenWriter) => {
      to.beginArray(2);
      to.item(0);
      map(to);
      to.item(1);
      map(to, "a", 1, -(2n ** 60n), "\0");
      to.endArray(2, 2);
    };
    expect(json(list)).toBe('[{},{"a":null,"1":null,"-1152921504606846976":null,"\\u0000":null}]');
  });

  test.each([
    ["2 and 1", [2, 1, "a"], true],
    ["the same text twice", ["a", "a"], true],
    ["digits that are text twice", ["1", "1"], true],
    ["an integer and the same digits", ["1", 1], false],
    ["the same integer twice", [-5, "b", -5], false],
    ["an integer of two digits and the same digits", [12, "12"], false],
    ["an integer, and text that only ends in a digit twice", [1, "a2", "a2"], true],
    ["an integer, and text that only begins with a digit twice", [1, "2a", "2a"], true],
    ["an integer and text with a leading zero", [1, "01"], true],
    ["an integer and an escaped text", [1, '"', "\\"], true],
  ] as const)("keys: %s", (_name, keys, isWritten) => {
    const write = () => json((to) => map(to, ...keys));
    if (isWritten) expect(write).not.toThrow();
    else expect(write).toThrow(/^Cannot represent a map in JSON that has the key -?\d+ twice$/);
  });

  test("an empty text is none that begins with NUL, whatever follows it", () => {
    expect(json((to) => to.text(new Uint8Array(2), 1, 1))).toBe('""');
  });

  test("keys of an inner map do not collide with those of the outer one", () => {
    const write = (to: TokenWriter) => {
      to.beginMap(2);
      to.key(0);
      to.integer(1);
      to.value();
      map(to, 1);
      to.key(1);
      to.integer(2);
      to.value();
      map(to, 2);
      to.endMap(2, 2);
    };
    expect(json(write)).toBe('{"1":{"1":null},"2":{"2":null}}');
  });

  test("keys of the outer map collide although those of an inner one do not", () => {
    const write = () =>
      json((to) => {
        to.beginMap(2);
        to.key(0);
        to.integer(1);
        to.value();
        map(to, 1);
        to.key(1);
        text(to, "1");
        to.value();
        to.nil();
        to.endMap(2, 2);
      });
    expect(write).toThrow("Cannot represent a map in JSON that has the key 1 twice");
  });

  test.each([
    ["an integer", (to: TokenWriter) => to.integer(2 ** 40)],
    ["null", (to: TokenWriter) => to.nil()],
    ["text", (to: TokenWriter) => text(to, "abc")],
    ["escaped text", (to: TokenWriter) => text(to, '"\n\x01"')],
    ["long text", (to: TokenWriter) => text(to, "a".repeat(70_000))],
    ["binary", (to: TokenWriter) => to.binary(new Uint8Array(6), 0, 6)],
    ["long binary", (to: TokenWriter) => to.binary(new Uint8Array(70_000), 0, 70_000)],
  ])("%s is whole wherever its buffer has to grow", (_name, write) => {
    const alone = json(write);
    for (let room = 0; room < 24; room++) {
      const full = new JsonWriter();
      const begin = new Uint8Array(full.out.octets.length - room);
      full.out.append(begin, 0, begin.length);
      write(full);
      expect(full.out.take().subarray(begin.length).toString()).toBe(alone);
    }
  });

  test.each([
    ["NaN in JSON", (to: TokenWriter) => to.float(Number.NaN)],
    ["-Infinity in JSON", (to: TokenWriter) => to.float(Number.NEGATIVE_INFINITY)],
    ["text that begins with NUL in JSON", (to: TokenWriter) => text(to, "\0a")],
    ["a tag in JSON", (to: TokenWriter) => to.unrepresentable("a tag")],
    ["a list as a key in JSON", (to: TokenWriter) => to.beginArray(0)],
    ["a map as a key in JSON", (to: TokenWriter) => to.beginMap(0)],
    ["null as a key in JSON", (to: TokenWriter) => to.nil()],
    ["a boolean as a key in JSON", (to: TokenWriter) => to.boolean(true)],
    ["a float as a key in JSON", (to: TokenWriter) => to.float(1)],
    ["binary as a key in JSON", (to: TokenWriter) => to.binary(new Uint8Array(1), 0, 1)],
  ])("%s is unrepresentable", (what, write) => {
    const broken = () =>
      json((to) => {
        if (what.includes("key")) {
          to.beginMap(1);
          to.key(0);
        }
        write(to);
      });
    expect(broken).toThrow(UnrepresentableValue);
    expect(broken).toThrow(`Cannot represent ${what}`);
    expect(json((to) => map(to, "a"))).toBe('{"a":null}');
  });
});
