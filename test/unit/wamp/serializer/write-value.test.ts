/** JavaScript values in every serializer, through `encodeMessage`. */

import { describe, expect, test } from "bun:test";
import { decodeMessage, encodeMessage } from "#wamp/serializer/message-values.ts";
import { Serialized, writeList } from "#wamp/serializer/write-value.ts";
import { SERIALIZER_NAMES, type SerializerName } from "#wamp/serializer-name.ts";
import type { TokenSink } from "#wamp/token/token-sink.ts";
import type { TokenWriter } from "#wamp/token/token-writer.ts";
import { UnrepresentableValue } from "#wamp/token/unrepresentable-value.ts";
import { titled } from "../../../support/titles.ts";
import { TokenLog } from "../../../support/token-log.ts";

const hexOf = (values: readonly unknown[], serializer: SerializerName) =>
  encodeMessage(values, serializer).toHex();

const VALUES: readonly (readonly [unknown[], json: string, msgpack: string, cbor: string])[] = [
  [[], "[]", "90", "80"],
  [[1, -1, 1.5], "[1,-1,1.5]", "93 01 ff cb3ff8000000000000", "83 01 20 fb3ff8000000000000"],
  [[-0], "[0]", "91 00", "81 00"],
  [["a€", null, true], '["a€",null,true]', "93 a461e282ac c0 c3", "83 6461e282ac f6 f5"],
  [[undefined, { a: undefined }], "[null,{}]", "92 c0 80", "82 f6 a0"],
  [[{ a: undefined, b: [{}] }], '[{"b":[{}]}]', "91 81 a162 91 80", "81 a1 6162 81 a0"],
  [[{ a: 1, b: 2 }, 3], '[{"a":1,"b":2},3]', "92 82a16101a16202 03", "82 a2616101616202 03"],
  [[new Uint8Array([0, 255])], '["\\u0000AP8="]', "91 c40200ff", "81 4200ff"],
  [["\ud800"], '["\ufffd"]', "91 a3efbfbd", "81 63efbfbd"],
  [[2 ** 31], "[2147483648]", "91 ce80000000", "81 1a80000000"],
  [[2 ** 32], "[4294967296]", "91 cf0000000100000000", "81 1b0000000100000000"],
  [[2 ** 53 - 1], "[9007199254740991]", "91 cf001fffffffffffff", "81 1b001fffffffffffff"],
  [[2 ** 53], "[9007199254740992]", "91 cf0020000000000000", "81 1b0020000000000000"],
  [
    [{ id: 2 ** 53 }],
    '[{"id":9007199254740992}]',
    "9181 a26964 cf0020000000000000",
    "81a1 626964 1b0020000000000000",
  ],
  [[2n ** 53n, 7n], "[9007199254740992,7]", "92 cf0020000000000000 07", "82 1b0020000000000000 07"],
  [[-(2 ** 53)], "[-9007199254740992]", "91 d3ffe0000000000000", "81 3b001fffffffffffff"],
  [[2 ** 54], "[18014398509481984.0]", "91 cb4350000000000000", "81 fb4350000000000000"],
  [[2n ** 64n - 1n], "[18446744073709551615]", "91 cfffffffffffffffff", "81 1bffffffffffffffff"],
];

describe.each(titled(VALUES, 1))("%s", (_title, values, json, msgpack, cbor) => {
  test("is written exactly", () => {
    expect(Buffer.from(encodeMessage(values, "json")).toString()).toBe(json);
    expect(hexOf(values, "msgpack")).toBe(msgpack.replaceAll(" ", ""));
    expect(hexOf(values, "cbor")).toBe(cbor.replaceAll(" ", ""));
  });
});

describe.each([...SERIALIZER_NAMES])("%s", (serializer) => {
  test("the octets of a message stay when the next is encoded", () => {
    const first = encodeMessage([1, "first"], serializer);
    const before = first.toHex();
    encodeMessage([2, "other"], serializer);
    expect(first.toHex()).toBe(before);
  });

  test("1024 levels are written, 1025 are refused", () => {
    const nested = (levels: number) => {
      let value: unknown[] = [];
      for (let level = 1; level < levels; level++) value = [value];
      return value;
    };
    expect(encodeMessage(nested(1024), serializer)).toHaveLength(
      serializer === "json" ? 2048 : 1024,
    );
    const write = () => encodeMessage(nested(1025), serializer);
    expect(write).toThrow(UnrepresentableValue);
    expect(write).toThrow("Cannot represent lists and maps nested deeper than 1024 levels");
  });

  test("a value that is none of WAMP's is a fault of the program", () => {
    const write = () => encodeMessage([() => 1], serializer);
    expect(write).toThrow(TypeError);
    expect(write).toThrow("a message has a value of the type function");
  });

  test("a text of any length is written whole", () => {
    const text = "€".repeat(30_000);
    expect(decodeMessage(encodeMessage([1, text], serializer), serializer)).toEqual([1, text]);
  });
});

test("what is serialized already is written as it is", () => {
  const octets = Buffer.from("[1.0, 2]");
  const message = encodeMessage([{ a: new Serialized(octets) }, 3], "json");
  expect(Buffer.from(message).toString()).toBe('[{"a":[1.0, 2]},3]');
});

test("the tokens count the items of lists and the pairs of maps", () => {
  const log = new TokenLog();
  const sink: TokenSink = log;
  writeList([{ a: 1, b: undefined, c: { d: [2, 3] }, e: {} }], sink as TokenWriter);
  expect(log.words.join(" ")).toBe(
    "[1 @0 {3 key0 text:a = int:1 key1 text:c = {1 key0 text:d = [2 @0 int:2 @1 int:3 ]2/2 }1/1 key2 text:e = {0 }0/0 }3/3 ]1/1",
  );
});

test("what a serializer lacks is refused", () => {
  expect(hexOf([2n ** 64n], "cbor")).toBe("81c249010000000000000000");
  expect(() => encodeMessage([2n ** 64n], "msgpack")).toThrow(UnrepresentableValue);
  expect(() => encodeMessage(["\0x"], "json")).toThrow(UnrepresentableValue);
  expect(() => encodeMessage([Number.NaN], "json")).toThrow(UnrepresentableValue);
});
