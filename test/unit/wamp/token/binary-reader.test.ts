/** BinaryReader through its two readers: what they have in common. */

import { describe, expect, test } from "bun:test";
import { CborReader } from "#wamp/serializer/cbor/cbor-reader.ts";
import { MsgpackReader } from "#wamp/serializer/msgpack/msgpack-reader.ts";
import { MalformedMessage } from "#wamp/token/malformed-message.ts";
import { TOO_DEEP, type TokenSink } from "#wamp/token/token-sink.ts";
import { UnrepresentableValue } from "#wamp/token/unrepresentable-value.ts";
import { titled } from "../../../support/titles.ts";
import { octetsOf, TokenLog, tokensOf } from "../../../support/token-log.ts";

const readers = { cbor: new CborReader(), msgpack: new MsgpackReader() };

/** Throws at the first value that only one serializer has, as writers do. */
class ThrowingLog extends TokenLog {
  override unrepresentable(what: string) {
    throw new UnrepresentableValue(what);
  }
}

describe("undefined", () => {
  test.each(
    titled(
      [
        ["cbor", "82 f7 01", "[2 @0 nil @1 int:1 ]2/2"],
        ["msgpack", "92 d40000 01", "[2 @0 nil @1 int:1 ]2/2"],
        ["cbor", "a1 6161 f7", "{-1 }0/-1"],
        ["msgpack", "81 a161 d40000", "{-1 }0/-1"],
        ["cbor", "a3 6161 f7 6162 02 6163 f7", "{-1 key0 text:b = int:2 }1/-1"],
        ["msgpack", "83 a161 d40000 a162 02 a163 d40000", "{-1 key0 text:b = int:2 }1/-1"],
        ["cbor", "a2 05 f7 24 f7", "{-1 }0/-1"],
        ["cbor", "a1 60 f7", "{-1 }0/-1"],
        ["msgpack", "81 a0 d40000", "{-1 }0/-1"],
        ["msgpack", "81 db0000000161 d40000", "{-1 }0/-1"],
        [
          "cbor",
          "a2 781a 6162636465666768696a6b6c6d6e6f707172737475767778797a f7 01 02",
          "{-1 key0 int:1 = int:2 }1/-1",
        ],
        ["msgpack", "82 d903616263 d40000 01 02", "{-1 key0 int:1 = int:2 }1/-1"],
        ["cbor", "bf 6161 f7 6162 02 ff", "{-1 key0 text:b = int:2 }1/-1"],
        [
          "cbor",
          "82 a1 6161 f7 a1 6162 81 f7",
          "[2 @0 {-1 }0/-1 @1 {-1 key0 text:b = [1 @0 nil ]1/1 }1/-1 ]2/2",
        ],
      ] as const,
      2,
    ),
  )("is omitted from maps and null in lists: %s", (_title, name, hex, tokens) => {
    expect(tokensOf(readers[name], octetsOf(hex))).toBe(tokens);
  });

  test.each([
    ["cbor", "a1 80 f7", "{-1 key0 [0 ]0/0 = nil }1/-1"],
    ["cbor", "a1 4101 f7", "{-1 key0 binary:01 = nil }1/-1"],
    ["cbor", "a1 f7 01", "{-1 key0 nil = int:1 }1/-1"],
    ["msgpack", "81 c0 d40000", "{-1 key0 nil = nil }1/-1"],
    ["msgpack", "81 05 d40000", "{-1 key0 int:5 = nil }1/-1"],
    ["msgpack", "81 dc0000 d40000", "{-1 key0 [0 ]0/0 = nil }1/-1"],
  ] as const)("is null after a key of another kind: %s %s", (name, hex, tokens) => {
    expect(tokensOf(readers[name], octetsOf(hex))).toBe(tokens);
  });

  test.each([
    ["cbor", "a1 6161 f7", "{1 key0 text:a = nil }1/1"],
    ["msgpack", "81 a161 d40000", "{1 key0 text:a = nil }1/1"],
  ] as const)("is null for a sink that cannot begin again: %s %s", (name, hex, tokens) => {
    expect(tokensOf(readers[name], octetsOf(hex), false)).toBe(tokens);
  });

  test("does not change how the next message is read", () => {
    tokensOf(readers.cbor, octetsOf("a16161f7"));
    expect(tokensOf(readers.cbor, octetsOf("a1616101"))).toBe("{1 key0 text:a = int:1 }1/1");
  });
});

describe("malformed messages", () => {
  test.each(
    titled(
      [
        ["cbor", "", "it ends too early"],
        ["cbor", "0101", "octets follow its end"],
        ["cbor", "62 c328", "a text is not UTF-8"],
        ["cbor", "62 61", "it ends too early"],
        ["cbor", "42 61", "it ends too early"],
        ["cbor", "83 0102", "it ends too early"],
        ["cbor", "a2 010203", "it ends too early"],
        ["cbor", "81".repeat(200_000), "it ends too early"],
        ["cbor", "9f".repeat(200_000), "it ends too early"],
        ["cbor", "a1 6161", "it ends too early"],
        ["msgpack", "", "it ends too early"],
        ["msgpack", "0101", "octets follow its end"],
        ["msgpack", "a2 c328", "a text is not UTF-8"],
        ["msgpack", "a2 61", "it ends too early"],
        ["msgpack", "c402 61", "it ends too early"],
        ["msgpack", "93 0102", "it ends too early"],
        ["msgpack", "82 010203", "it ends too early"],
        ["msgpack", "91".repeat(200_000), "it ends too early"],
      ] as const,
      2,
    ),
  )("%s", (_title, name, hex, state) => {
    const read = () => tokensOf(readers[name], octetsOf(hex));
    expect(read).toThrow(MalformedMessage);
    expect(read).toThrow(`Cannot read a ${name} message: ${state}`);
  });
});

describe.each([
  ["cbor", "81", "80", "a0"],
  ["cbor", "9f", "80", "a0"],
  ["msgpack", "91", "90", "80"],
] as const)("nesting in %s, lists %s", (name, list, emptyList, emptyMap) => {
  const nested = (levels: number, innermost: string) =>
    octetsOf(list.repeat(levels - 1) + innermost + (list === "9f" ? "ff".repeat(levels - 1) : ""));

  test("of 1024 levels is read, and of more is reported as unrepresentable", () => {
    for (const innermost of [emptyList, emptyMap]) {
      expect(tokensOf(readers[name], nested(1024, innermost))).not.toContain("unrepresentable");
      const parts = tokensOf(readers[name], nested(1026, innermost)).split(
        `unrepresentable:${TOO_DEEP} `,
      );
      expect(parts.map((part) => part.split("@0").length - 1)).toEqual([1024, 1, 0]);
    }
  });

  test("counts the lists and maps around an item", () => {
    const log = new TokenLog();
    readers[name].read(nested(1023, emptyList), log, 1);
    expect(log.words.join(" ")).not.toContain("unrepresentable");
    readers[name].read(nested(1024, emptyList), log, 1);
    expect(log.words.filter((word) => word === `unrepresentable:${TOO_DEEP}`)).toHaveLength(1);
  });

  test("counts what is open, not what was read", () => {
    const many = name === "cbor" ? `99 0800 ${"80".repeat(2048)}` : `dc 0800 ${"90".repeat(2048)}`;
    expect(tokensOf(readers[name], octetsOf(many))).toEndWith("@2047 [0 ]0/0 ]2048/2048");
  });
});

describe("the lists and maps around one that has ended", () => {
  test.each([
    [
      "cbor",
      "82 a2 61 61 a1 01 02 81 03 f6 04",
      "[2 @0 {2 key0 text:a = {1 key0 int:1 = int:2 }1/1 key1 [1 @0 int:3 ]1/1 = nil }2/2 @1 int:4 ]2/2",
    ],
    [
      "msgpack",
      "92 82 a1 61 81 01 02 91 03 c0 04",
      "[2 @0 {2 key0 text:a = {1 key0 int:1 = int:2 }1/1 key1 [1 @0 int:3 ]1/1 = nil }2/2 @1 int:4 ]2/2",
    ],
    [
      "cbor",
      "9f bf 61 61 bf 01 02 ff 9f 03 ff f6 ff 04 ff",
      "[-1 @0 {-1 key0 text:a = {-1 key0 int:1 = int:2 }1/-1 key1 [-1 @0 int:3 ]1/-1 = nil }2/-1 @1 int:4 ]2/-1",
    ],
    [
      "cbor",
      "a2 8101 8102 03 04",
      "{2 key0 [1 @0 int:1 ]1/1 = [1 @0 int:2 ]1/1 key1 int:3 = int:4 }2/2",
    ],
    [
      "msgpack",
      "82 9101 9102 03 04",
      "{2 key0 [1 @0 int:1 ]1/1 = [1 @0 int:2 ]1/1 key1 int:3 = int:4 }2/2",
    ],
  ] as const)("go on: %s %s", (name, hex, tokens) => {
    expect(tokensOf(readers[name], octetsOf(hex))).toBe(tokens);
  });
});

describe("the place of an unrepresentable value", () => {
  test.each(
    titled([
      ["cbor", "83 01 02 e0", "[2]"],
      ["cbor", "a1 6161 e0", ".a"],
      ["cbor", "a1 60 e0", '[""]'],
      ["cbor", "a1 17 e0", '["23"]'],
      ["cbor", "a1 1818 e0", '["1818"]'],
      ["cbor", `a1 78 18 ${"61".repeat(24)} e0`, `.${"a".repeat(24)}`],
      ["cbor", "a1 f5 e0", ".f5"],
      ["cbor", `a1 59 0100 ${"00".repeat(256)} e0`, `["590100${"00".repeat(13)}"]`],
      ["cbor", "a1 e0 01", ""],
      ["cbor", "a2 6161 01 e0 01", ""],
      ["msgpack", "93 01 02 d40100", "[2]"],
      ["msgpack", "81 a161 d40100", ".a"],
      ["msgpack", "81 a0 d40100", '[""]'],
      ["msgpack", "81 c0 d40100", ".c0"],
      ["msgpack", "81 80 d40100", '["80"]'],
      ["msgpack", "81 7f d40100", '["127"]'],
      ["msgpack", "81 cc80 d40100", ".cc80"],
      ["msgpack", "81 d90161 d40100", ".a"],
      ["msgpack", "81 c3 d40100", ".c3"],
      ["msgpack", "92 01 81 a161 91 d40100", "[1].a[0]"],
      ["msgpack", "82 a161 91 01 a162 d40100", ".b"],
      ["cbor", "82 81 01 a2 6161 81 01 6162 82 01 e0", "[1].b[1]"],
      ["cbor", "a1 82 01 02 e0", `["82"]`],
      ["cbor", "a1 82 01 e0 02", "[1]"],
      ["cbor", `${"81".repeat(16)} e0`, "[0]".repeat(16)],
      ["cbor", `${"81".repeat(17)} e0`, `${"[0]".repeat(16)}…`],
    ] as const),
  )("%s", (_title, name, hex, place) => {
    const sink: TokenSink = new ThrowingLog();
    let thrown: unknown;
    try {
      readers[name].read(octetsOf(hex), sink);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(UnrepresentableValue);
    expect((thrown as UnrepresentableValue).place).toBe(place);
  });
});
