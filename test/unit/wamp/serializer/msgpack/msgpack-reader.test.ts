import { describe, expect, test } from "bun:test";
import { MsgpackReader } from "#wamp/serializer/msgpack/msgpack-reader.ts";
import { octetsOf, tokensOf } from "../../../../support/token-log.ts";

const reader = new MsgpackReader();

/** Every format of the MsgPack specification. */
const TOKENS: readonly (readonly [string, string])[] = [
  ["00", "int:0"],
  ["7f", "int:127"],
  ["e0", "int:-32"],
  ["ff", "int:-1"],
  ["ccff", "int:255"],
  ["cd0102", "int:258"],
  ["ceffffffff", "int:4294967295"],
  ["cf001fffffffffffff", "int:9007199254740991"],
  ["cf0020000000000000", "big:9007199254740992"],
  ["cfffffffffffffffff", "big:18446744073709551615"],
  ["d080", "int:-128"],
  ["d18000", "int:-32768"],
  ["d280000000", "int:-2147483648"],
  ["d30000000100000000", "int:4294967296"],
  ["d3ffe0000000000001", "int:-9007199254740991"],
  ["d3ffe0000000000000", "big:-9007199254740992"],
  ["d38000000000000000", "big:-9223372036854775808"],
  ["ca3f800000", "float:1"],
  ["cb8000000000000000", "float:-0"],
  ["cb7ff0000000000000", "float:Infinity"],
  ["c0", "nil"],
  ["c2", "false"],
  ["c3", "true"],
  ["a0", "text:"],
  ["a3e282ac", "text:€"],
  [`bf${"61".repeat(31)}`, `text:${"a".repeat(31)}`],
  ["d90161", "text:a"],
  ["da000161", "text:a"],
  ["db0000000161", "text:a"],
  ["c400", "binary:"],
  ["c40200ff", "binary:00ff"],
  ["c5000101", "binary:01"],
  ["c60000000101", "binary:01"],
  ["90", "[0 ]0/0"],
  ["92 01 91 02", "[2 @0 int:1 @1 [1 @0 int:2 ]1/1 ]2/2"],
  ["dc0001 01", "[1 @0 int:1 ]1/1"],
  ["dd00000001 01", "[1 @0 int:1 ]1/1"],
  ["80", "{0 }0/0"],
  ["81 a161 01", "{1 key0 text:a = int:1 }1/1"],
  ["de0001 01 02", "{1 key0 int:1 = int:2 }1/1"],
  ["df00000001 01 02", "{1 key0 int:1 = int:2 }1/1"],
  ["d40101", "unrepresentable:MsgPack extension type 1"],
  ["d5ff0000", "unrepresentable:MsgPack extension type -1"],
  ["d6ff00000000", "unrepresentable:MsgPack extension type -1"],
  ["d77f0000000000000000", "unrepresentable:MsgPack extension type 127"],
  [`d880${"00".repeat(16)}`, "unrepresentable:MsgPack extension type -128"],
  ["c70102ff", "unrepresentable:MsgPack extension type 2"],
  ["c8000102ff", "unrepresentable:MsgPack extension type 2"],
  ["c90000000102ff", "unrepresentable:MsgPack extension type 2"],
  ["c7010000", "unrepresentable:MsgPack extension type 0"],
  ["d40001", "unrepresentable:MsgPack extension type 0"],
];

describe("MsgpackReader", () => {
  test.each(TOKENS)("%s", (hex, tokens) => {
    expect(tokensOf(reader, octetsOf(hex))).toBe(tokens);
  });

  test.each([
    ["c1", "it has the octet c1, which means nothing"],
    ["cc", "it ends too early"],
    ["cd00", "it ends too early"],
    ["cf00000000000000", "it ends too early"],
    ["d3ffffffffffffff", "it ends too early"],
    ["cb00000000000000", "it ends too early"],
    ["d9", "it ends too early"],
    ["d401", "it ends too early"],
    ["c70201ff", "it ends too early"],
    ["ddffffffff00", "it ends too early"],
    ["dfffffffff00", "it ends too early"],
    ["dbffffffff00", "it ends too early"],
  ])("%s is malformed", (hex, state) => {
    expect(() => tokensOf(reader, octetsOf(hex))).toThrow(
      `Cannot read a msgpack message: ${state}`,
    );
  });
});
