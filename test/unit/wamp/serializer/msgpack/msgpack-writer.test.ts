import { describe, expect, test } from "bun:test";
import { MsgpackWriter } from "#wamp/serializer/msgpack/msgpack-writer.ts";
import { UNKNOWN_COUNT } from "#wamp/token/token-sink.ts";
import type { TokenWriter } from "#wamp/token/token-writer.ts";
import { octetsOf, written } from "../../../../support/token-log.ts";

const writer = new MsgpackWriter();
const zeros = (count: number) => "00".repeat(count);

describe("MsgpackWriter", () => {
  test.each([
    [0, "00"],
    [127, "7f"],
    [128, "cc80"],
    [255, "ccff"],
    [256, "cd0100"],
    [65535, "cdffff"],
    [65536, "ce00010000"],
    [4294967295, "ceffffffff"],
    [4294967296, "cf0000000100000000"],
    [2 ** 53 - 1, "cf001fffffffffffff"],
    [-1, "ff"],
    [-32, "e0"],
    [-33, "d0df"],
    [-128, "d080"],
    [-129, "d1ff7f"],
    [-32768, "d18000"],
    [-32769, "d2ffff7fff"],
    [-2147483648, "d280000000"],
    [-2147483649, "d3ffffffff7fffffff"],
    [-(2 ** 53 - 1), "d3ffe0000000000001"],
  ])("integer %d", (value, hex) => {
    expect(written(writer, (to) => to.integer(value))).toBe(hex);
  });

  test.each([
    [2n ** 53n, "cf0020000000000000"],
    [2n ** 64n - 1n, "cfffffffffffffffff"],
    [-(2n ** 63n), "d38000000000000000"],
  ])("big integer %p", (value, hex) => {
    expect(written(writer, (to) => to.bigInteger(value))).toBe(hex);
  });

  test.each([2n ** 64n, -(2n ** 63n) - 1n])("%p has more than 64 bits", (value) => {
    expect(() => writer.bigInteger(value)).toThrow(
      "Cannot represent an integer of more than 64 bits in MsgPack",
    );
  });

  test("words, floats, text and binary", () => {
    const octets = octetsOf("ff 61c3a9 ff");
    expect(written(writer, (to) => to.nil())).toBe("c0");
    expect(written(writer, (to) => to.boolean(true))).toBe("c3");
    expect(written(writer, (to) => to.boolean(false))).toBe("c2");
    expect(written(writer, (to) => to.float(1))).toBe("cb3ff0000000000000");
    expect(written(writer, (to) => to.text(octets, 1, 4))).toBe("a361c3a9");
    expect(written(writer, (to) => to.binary(octets, 1, 4))).toBe("c40361c3a9");
  });

  test.each([
    [31, "bf", "c41f"],
    [32, "d920", "c420"],
    [255, "d9ff", "c4ff"],
    [256, "da0100", "c50100"],
    [65535, "daffff", "c5ffff"],
    [65536, "db00010000", "c600010000"],
  ])("text and binary of %d octets", (count, text, binary) => {
    const octets = new Uint8Array(count);
    expect(written(writer, (to) => to.text(octets, 0, count))).toBe(`${text}${zeros(count)}`);
    expect(written(writer, (to) => to.binary(octets, 0, count))).toBe(`${binary}${zeros(count)}`);
  });

  test.each([
    [0, "90", "80"],
    [15, "9f", "8f"],
    [16, "dc0010", "de0010"],
    [65535, "dcffff", "deffff"],
    [65536, "dd00010000", "df00010000"],
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

  test.each([
    ["an integer", (to: TokenWriter) => to.integer(2 ** 40)],
    ["a big integer", (to: TokenWriter) => to.bigInteger(2n ** 60n)],
    ["a float", (to: TokenWriter) => to.float(0.1)],
    ["null", (to: TokenWriter) => to.nil()],
    ["text", (to: TokenWriter) => to.text(new Uint8Array(70_000), 0, 70_000)],
    ["a list", (to: TokenWriter) => to.beginArray(70_000)],
  ])("%s is whole wherever its buffer has to grow", (_name, write) => {
    const alone = written(new MsgpackWriter(), write);
    for (let room = 0; room < 10; room++) {
      const full = new MsgpackWriter();
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
    expect(hex).toBe("80");
  });

  test("has no form for the values of others", () => {
    expect(() => writer.unrepresentable("CBOR tag 0")).toThrow(
      "Cannot represent CBOR tag 0 in MsgPack",
    );
  });
});
