import { describe, expect, test } from "bun:test";
import { CborReader } from "#wamp/serializer/cbor/cbor-reader.ts";
import { MalformedMessage } from "#wamp/token/malformed-message.ts";
import { titled } from "../../../../support/titles.ts";
import { octetsOf, tokensOf } from "../../../../support/token-log.ts";

const reader = new CborReader();

/** Most are the examples of RFC 8949, appendix A. */
const TOKENS: readonly (readonly [string, string])[] = [
  ["00", "int:0"],
  ["17", "int:23"],
  ["1818", "int:24"],
  ["1903e8", "int:1000"],
  ["1a000f4240", "int:1000000"],
  ["1b000000e8d4a51000", "int:1000000000000"],
  ["1b001fffffffffffff", "int:9007199254740991"],
  ["1b0020000000000000", "big:9007199254740992"],
  ["1bffffffffffffffff", "big:18446744073709551615"],
  ["c249010000000000000000", "big:18446744073709551616"],
  ["3bffffffffffffffff", "big:-18446744073709551616"],
  ["3b001ffffffffffffe", "int:-9007199254740991"],
  ["3b001fffffffffffff", "big:-9007199254740992"],
  ["c349010000000000000000", "big:-18446744073709551617"],
  ["20", "int:-1"],
  ["3863", "int:-100"],
  ["c240", "int:0"],
  ["c2 43 000100", "int:256"],
  ["c2 5f 4101 4200ff ff", "int:65791"],
  ["f90000", "float:0"],
  ["f98000", "float:-0"],
  ["f93c00", "float:1"],
  ["f97bff", "float:65504"],
  ["fa47c35000", "float:100000"],
  ["fb7e37e43c8800759c", "float:1e+300"],
  ["f90001", "float:5.960464477539063e-8"],
  ["f90400", "float:0.00006103515625"],
  ["f9c400", "float:-4"],
  ["f97c00", "float:Infinity"],
  ["f97e00", "float:NaN"],
  ["f9fc00", "float:-Infinity"],
  ["f4", "false"],
  ["f5", "true"],
  ["f6", "nil"],
  ["40", "binary:"],
  ["4401020304", "binary:01020304"],
  ["60", "text:"],
  ["6449455446", "text:IETF"],
  ["5f 42 0102 43 030405 ff", "binary:0102030405"],
  ["7f 65 7374726561 64 6d696e67 ff", "text:streaming"],
  ["80", "[0 ]0/0"],
  ["82 01 81 02", "[2 @0 int:1 @1 [1 @0 int:2 ]1/1 ]2/2"],
  ["9f ff", "[-1 ]0/-1"],
  ["9f 01 9f ff ff", "[-1 @0 int:1 @1 [-1 ]0/-1 ]2/-1"],
  ["a0", "{0 }0/0"],
  ["a1 6161 01", "{1 key0 text:a = int:1 }1/1"],
  ["bf 6161 01 6162 02 ff", "{-1 key0 text:a = int:1 key1 text:b = int:2 }2/-1"],
  ["d9d9f7 d9d9f7 01", "int:1"],
  ["d840 4101", "binary:01"],
  ["d840 01", "unrepresentable:CBOR tag 64 int:1"],
  ["c1 1a514b67b0", "unrepresentable:CBOR tag 1 int:1363896240"],
  ["c2 01", "unrepresentable:CBOR tag 2 int:1"],
  ["c1 4101", "unrepresentable:CBOR tag 1 binary:01"],
  ["a1 6161 f6", "{1 key0 text:a = nil }1/1"],
  ["f820", "unrepresentable:CBOR simple value 32"],
  ["f0", "unrepresentable:CBOR simple value 16"],
  ["f8ff", "unrepresentable:CBOR simple value 255"],
  [`c2 590200 ${"ff".repeat(512)}`, `big:${2n ** 4096n - 1n}`],
  [`c2 590201 00 ${"ff".repeat(512)}`, `big:${2n ** 4096n - 1n}`],
  [`c2 590201 ${"ff".repeat(513)}`, "unrepresentable:an integer of more than 4096 bits nil"],
];

describe("CborReader", () => {
  test.each(titled(TOKENS, 1))("%s", (_title, hex, tokens) => {
    expect(tokensOf(reader, octetsOf(hex))).toBe(tokens);
  });

  test("a chain of tags costs no stack", () => {
    expect(tokensOf(reader, octetsOf(`${"d9d9f7".repeat(100_000)} 01`))).toBe("int:1");
  });

  test.each(
    titled(
      [
        ["1c", "a head has a reserved or misplaced length"],
        ["1f", "a head has a reserved or misplaced length"],
        ["9c", "a head has a reserved or misplaced length"],
        ["fc", "a head has a reserved length"],
        ["ff", "a break stands where a value is due"],
        ["82 01 ff", "a break stands where a value is due"],
        ["bf 01 ff", "a break stands where a value is due"],
        ["f818", "a simple value is written in two octets instead of one"],
        ["5f 6161 ff", "a string of indefinite length has a chunk of another kind"],
        ["5f 5f 4100 ff ff", "a string of indefinite length has a chunk of another kind"],
        ["7f 61c3 61a9 ff", "a text is not UTF-8"],
        ["5f 4101", "it ends too early"],
        ["9f 01", "it ends too early"],
        ["18", "it ends too early"],
        ["1b 00000000000000", "it ends too early"],
        ["fb 00000000000000", "it ends too early"],
        ["c1", "it ends too early"],
        ["9bffffffffffffffff", "it ends too early"],
        ["bb7fffffffffffffff", "it ends too early"],
      ],
      1,
    ),
  )("%s is malformed", (_title, hex, state) => {
    const read = () => tokensOf(reader, octetsOf(hex));
    expect(read).toThrow(MalformedMessage);
    expect(read).toThrow(`Cannot read a cbor message: ${state}`);
  });
});
