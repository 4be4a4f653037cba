import { describe, expect, test } from "bun:test";
import { CborWriter } from "#wamp/serializer/cbor/cbor-writer.ts";
import { UNKNOWN_COUNT } from "#wamp/token/token-sink.ts";
import type { TokenWriter } from "#wamp/token/token-writer.ts";
import { octetsOf, written } from "../../../../support/token-log.ts";

const writer = new CborWriter();
const zeros = (count: number) => "00".repeat(count);

describe("CborWriter", () => {
  test.each([
    [0, "00"],
    [23, "17"],
    [24, "1818"],
    [255, "18ff"],
    [256, "190100"],
    [65535, "19ffff"],
    [65536, "1a00010000"],
    [4294967295, "1affffffff"],
    [4294967296, "1b0000000100000000"],
    [2 ** 53 - 1, "1b001fffffffffffff"],
    [-1, "20"],
    [-24, "37"],
    [-25, "3818"],
    [-257, "390100"],
    [-(2 ** 53 - 1), "3b001ffffffffffffe"],
  ])("integer %d", (value, hex) => {
    expect(written(writer, (to) => to.integer(value))).toBe(hex);
  });

  test.each([
    [2n ** 53n, "1b0020000000000000"],
    [2n ** 64n - 1n, "1bffffffffffffffff"],
    [-(2n ** 64n), "3bffffffffffffffff"],
    [2n ** 64n, "c249010000000000000000"],
    [-(2n ** 64n) - 1n, "c349010000000000000000"],
    [2n ** 68n - 1n, "c2490fffffffffffffffff"],
    [2n ** 68n, "c249100000000000000000"],
  ])("big integer %p", (value, hex) => {
    expect(written(writer, (to) => to.bigInteger(value))).toBe(hex);
  });

  test("words, floats, text and binary", () => {
    const octets = octetsOf("ff 61c3a9 ff");
    expect(written(writer, (to) => to.nil())).toBe("f6");
    expect(written(writer, (to) => to.boolean(true))).toBe("f5");
    expect(written(writer, (to) => to.boolean(false))).toBe("f4");
    expect(written(writer, (to) => to.float(1))).toBe("fb3ff0000000000000");
    expect(written(writer, (to) => to.text(octets, 1, 4))).toBe("6361c3a9");
    expect(written(writer, (to) => to.binary(octets, 1, 4))).toBe("4361c3a9");
    const long = new Uint8Array(300);
    expect(written(writer, (to) => to.binary(long, 0, 300))).toBe(`59012c${zeros(300)}`);
  });

  test.each([
    [0, "80", "a0"],
    [23, "97", "b7"],
    [24, "9818", "b818"],
    [256, "990100", "b90100"],
    [65536, "9a00010000", "ba00010000"],
  ])("%d items or pairs, known or not", (count, list, map) => {
    for (const announced of [count, UNKNOWN_COUNT]) {
      const content = new Uint8Array(count);
      const asList = written(writer, (to) => {
        to.beginArray(announced);
        to.out.append(content, 0, count);
        to.endArray(count, announced);
      });
      const asMap = written(writer, (to) => {
        to.beginMap(announced);
        to.out.append(content, 0, count);
        to.endMap(count, announced);
      });
      expect(asList).toBe(`${list}${zeros(count)}`);
      expect(asMap).toBe(`${map}${zeros(count)}`);
    }
  });

  test("lists of unknown count within each other", () => {
    const hex = written(writer, (to) => {
      to.beginArray(UNKNOWN_COUNT);
      to.beginMap(UNKNOWN_COUNT);
      for (let pair = 0; pair < 30; pair++) {
        to.integer(1);
        to.beginArray(UNKNOWN_COUNT);
        to.endArray(0, UNKNOWN_COUNT);
      }
      to.endMap(30, UNKNOWN_COUNT);
      to.nil();
      to.endArray(2, UNKNOWN_COUNT);
    });
    expect(hex).toBe(`82b81e${"0180".repeat(30)}f6`);
  });

  test.each([
    ["an integer", (to: TokenWriter) => to.integer(2 ** 40)],
    ["a big integer", (to: TokenWriter) => to.bigInteger(2n ** 60n)],
    ["a float", (to: TokenWriter) => to.float(0.1)],
    ["null", (to: TokenWriter) => to.nil()],
    ["text", (to: TokenWriter) => to.text(new Uint8Array(70_000), 0, 70_000)],
    ["a list", (to: TokenWriter) => to.beginArray(70_000)],
  ])("%s is whole wherever its buffer has to grow", (_name, write) => {
    const alone = written(new CborWriter(), write);
    for (let room = 0; room < 10; room++) {
      const full = new CborWriter();
      const begin = new Uint8Array(full.out.octets.length - room);
      const hex = written(full, (to) => {
        to.out.append(begin, 0, begin.length);
        write(to);
      });
      expect(hex.slice(begin.length * 2)).toBe(alone);
    }
  });

  test("works after a value that was broken off", () => {
    writer.clear();
    writer.nil();
    writer.beginArray(UNKNOWN_COUNT);
    const hex = written(writer, (to) => {
      to.beginMap(UNKNOWN_COUNT);
      to.endMap(0, UNKNOWN_COUNT);
    });
    expect(hex).toBe("a0");
  });

  test("has no form for the values of others", () => {
    expect(() => writer.unrepresentable("MsgPack extension type 1")).toThrow(
      "Cannot represent MsgPack extension type 1 in CBOR",
    );
  });
});
