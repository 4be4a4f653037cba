/** BinaryReader through its two readers: what they have in common. */

import { describe, expect, test } from "bun:test";
import { CborReader } from "#wamp/serializer/cbor/cbor-reader.ts";
import { MsgpackReader } from "#wamp/serializer/msgpack/msgpack-reader.ts";
import { MalformedMessage } from "#wamp/token/malformed-message.ts";
import type { TokenSink } from "#wamp/token/token-sink.ts";
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
        ["cbor", `${"81".repeat(128)}80`, "it is nested deeper than 128"],
        ["cbor", "a1 6161", "it ends too early"],
        ["msgpack", "", "it ends too early"],
        ["msgpack", "0101", "octets follow its end"],
        ["msgpack", "a2 c328", "a text is not UTF-8"],
        ["msgpack", "a2 61", "it ends too early"],
        ["msgpack", "c402 61", "it ends too early"],
        ["msgpack", "93 0102", "it ends too early"],
        ["msgpack", "82 010203", "it ends too early"],
        ["msgpack", `${"91".repeat(128)}90`, "it is nested deeper than 128"],
      ] as const,
      2,
    ),
  )("%s", (_title, name, hex, state) => {
    const read = () => tokensOf(readers[name], octetsOf(hex));
    expect(read).toThrow(MalformedMessage);
    expect(read).toThrow(`Cannot read a ${name} message: ${state}`);
  });

  test.each(["cbor", "msgpack"] as const)("a string is never %s", (name) => {
    expect(() => tokensOf(readers[name], "[1]")).toThrow(
      `Cannot read a ${name} message: it came as text`,
    );
  });

  test("a depth of 128 is read", () => {
    expect(tokensOf(readers.cbor, octetsOf(`${"81".repeat(127)}80`))).toEndWith("]1/1");
    expect(tokensOf(readers.msgpack, octetsOf(`${"91".repeat(127)}90`))).toEndWith("]1/1");
  });

  test("depth counts what is open, not what was read", () => {
    const lists = `98 c8 ${"80".repeat(200)}`;
    expect(tokensOf(readers.cbor, octetsOf(lists))).toEndWith("]200/200");
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
      ["msgpack", "81 7f d40100", '["127"]'],
      ["msgpack", "81 cc80 d40100", ".cc80"],
      ["msgpack", "81 d90161 d40100", ".a"],
      ["msgpack", "81 c3 d40100", ".c3"],
      ["msgpack", "92 01 81 a161 91 d40100", "[1].a[0]"],
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
