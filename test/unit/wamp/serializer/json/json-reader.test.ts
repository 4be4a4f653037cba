import { describe, expect, test } from "bun:test";
import { JsonReader } from "#wamp/serializer/json/json-reader.ts";
import { TOO_DEEP } from "#wamp/token/token-sink.ts";
import { UnrepresentableValue } from "#wamp/token/unrepresentable-value.ts";
import { titled } from "../../../../support/titles.ts";
import { octetsOf, TokenLog, tokensOf } from "../../../../support/token-log.ts";

const reader = new JsonReader();
const NUL = "\\u0000";

const TOKENS: readonly (readonly [string, string])[] = [
  ["null", "nil"],
  ["true", "true"],
  [" false\t\r\n", "false"],
  ["0", "int:0"],
  ["-5", "int:-5"],
  ["-0", "float:-0"],
  ["999999999999999", "int:999999999999999"],
  ["9007199254740991", "int:9007199254740991"],
  ["9007199254740992", "big:9007199254740992"],
  ["-9007199254740992", "big:-9007199254740992"],
  ["1.0", "float:1"],
  ["-0.0", "float:-0"],
  ["0.1", "float:0.1"],
  ["-12.5", "float:-12.5"],
  ["1e3", "float:1000"],
  ["1E+3", "float:1000"],
  ["25e-1", "float:2.5"],
  ["1.5e2", "float:150"],
  ["0.12345678901234", "float:0.12345678901234"],
  ["123456789012345.6", "float:123456789012345.6"],
  ["0.1000000000000000055511151231257827", "float:0.1"],
  ["1e400", "unrepresentable:a number beyond the range of a 64-bit float float:Infinity"],
  ['""', "text:"],
  ['"é€😀"', "text:é€😀"],
  [`"${"a".repeat(100)}"`, `text:${"a".repeat(100)}`],
  ['"\\"\\\\\\/\\b\\f\\n\\r\\t"', 'text:"\\/\b\f\n\r\t'],
  ['"a\\u0041b"', "text:aAb"],
  ['"\\u00e9\\u20ac\\ud83d\\uDE00"', "text:é€😀"],
  [`"${"a".repeat(40)}\\n${"b".repeat(40)}"`, `text:${"a".repeat(40)}\n${"b".repeat(40)}`],
  ['"\\ud800"', "unrepresentable:a lone surrogate text:\ufffd"],
  ['"\\udc00\\ud800x"', "unrepresentable:a lone surrogate text:\ufffd\ufffdx"],
  ['"\\udc00\\udc00"', "unrepresentable:a lone surrogate text:\ufffd\ufffd"],
  ['"\\ud800xudc00"', "unrepresentable:a lone surrogate text:\ufffdxudc00"],
  ['"\\ud800\\ndc00"', "unrepresentable:a lone surrogate text:\ufffd\ndc00"],
  ['"\\ud800\\u0041"', "unrepresentable:a lone surrogate text:\ufffdA"],
  [`"${NUL}AP8="`, "binary:00ff"],
  [`"${NUL}"`, "binary:"],
  [
    `"${NUL}AP8"`,
    "unrepresentable:a string that begins with NUL but has no base64 after it text:\0AP8",
  ],
  [`{"${NUL}AP8=":1}`, "{-1 key0 text:\0AP8= = int:1 }1/-1"],
  ["[]", "[-1 ]0/-1"],
  ["[ 1 , [ ] ]", "[-1 @0 int:1 @1 [-1 ]0/-1 ]2/-1"],
  ["{ }", "{-1 }0/-1"],
  ['{ "a" : 1 , "b" : { } }', "{-1 key0 text:a = int:1 key1 text:b = {-1 }0/-1 }2/-1"],
];

const MALFORMED: readonly (readonly [string, string])[] = [
  ["", "it ends too early"],
  ["[1", "it ends too early"],
  ["tru", "octet 0 is not what is due there"],
  ["trux", "octet 0 is not what is due there"],
  ["[1,]", "octet 3 is not what is due there"],
  ["[1 2]", "octet 3 is not what is due there"],
  ['{"a" 1}', "octet 5 is not what is due there"],
  ['{"a":1 "b":2}', "octet 7 is not what is due there"],
  ["{1:2}", "octet 1 is not what is due there"],
  ["1 2", "characters follow its end"],
  ["\u00a01", "octet 0 is not what is due there"],
  ["-", "octet 0 is not what is due there"],
  ["01", "a number begins with 0"],
  ["-01", "a number begins with 0"],
  ["1.", "a number has no digit where one is due"],
  ["1.e1", "a number has no digit where one is due"],
  ["1e", "a number has no digit where one is due"],
  ["1e+", "a number has no digit where one is due"],
  ['"a', "it ends within a string"],
  ['"a\\', "it ends within a string"],
  ['"a\\u12', "it ends within a string"],
  [`"${"a".repeat(100)}`, "it ends within a string"],
  ['"\\x"', "a string has an unknown escape"],
  ['"\\u12g4"', "a string has an unknown escape"],
  ['"a\nb"', "a string has a bare control character"],
  [`"${"a".repeat(100)}\n"`, "a string has a bare control character"],
  ['"\\n\n"', "a string has a bare control character"],
  ["[".repeat(200_000), "it ends too early"],
];

describe("JsonReader", () => {
  test.each(titled(TOKENS, 1))("%s", (_title, text, tokens) => {
    expect(tokensOf(reader, text)).toBe(tokens);
    expect(tokensOf(reader, Buffer.from(text))).toBe(tokens);
  });

  test.each(titled(MALFORMED, 1))("%s is malformed", (_title, text, state) => {
    const sentence = `Cannot read a json message: ${state}`;
    expect(() => tokensOf(reader, text)).toThrow(sentence);
    expect(() => tokensOf(reader, Buffer.from(text))).toThrow(sentence);
  });

  test("octets of the message before do not complete one that is cut off", () => {
    for (const [whole, cut] of [
      ["true", "tru"],
      ["false", "fals"],
      ["1234567890123456.5e1", "1234567890123456.5"],
      ["12.5", "12"],
      ['"ab"', '"ab'],
    ] as const) {
      tokensOf(reader, whole);
      if (cut.endsWith(".5")) expect(tokensOf(reader, cut)).toBe("float:1234567890123456.5");
      else if (cut === "12") expect(tokensOf(reader, cut)).toBe("int:12");
      else expect(() => tokensOf(reader, cut)).toThrow("Cannot read a json message");
    }
  });

  test("octets that are not UTF-8 are malformed", () => {
    expect(() => tokensOf(reader, octetsOf("22 c328 22"))).toThrow("it is not UTF-8");
  });

  test("a string of more than 256 Ki characters is read like a short one", () => {
    const long = "é".repeat(300_000);
    expect(tokensOf(reader, `["${long}"]`)).toBe(`[-1 @0 text:${long} ]1/-1`);
  });

  test("an integer of more than 1233 digits is unrepresentable", () => {
    expect(tokensOf(reader, "9".repeat(1233))).toBe(`big:${"9".repeat(1233)}`);
    expect(tokensOf(reader, "9".repeat(1234))).toBe(
      "unrepresentable:an integer of more than 1233 digits nil",
    );
  });

  test("the place of an unrepresentable value leads through lists and maps", () => {
    class Throwing extends TokenLog {
      override unrepresentable(what: string) {
        throw new UnrepresentableValue(what);
      }
    }
    const read = (text: string) => () => reader.read(Buffer.from(text), new Throwing());
    expect(read('[1,{"a":2,"b c":[1e999]}]')).toThrow('at [1]["b c"][0]');
    expect(read('{"\\u0061":1e999}')).toThrow("at .a");
    expect(read('[{"a":[]},{"b":{"c":1},"d":1e999}]')).toThrow("at [1].d");
    expect(read('[{"a":1,"\\ud800":2}]')).toThrow("at [0]");
  });

  test("reports the list or map in level 1025 as unrepresentable, and goes on", () => {
    const tokens = (levels: number) =>
      tokensOf(reader, `${"[".repeat(levels - 1)}{}${"]".repeat(levels - 1)}`);
    expect(tokens(1024)).not.toContain("unrepresentable");
    const parts = tokens(1026).split(`unrepresentable:${TOO_DEEP} `);
    expect(parts.map((part) => part.split("@0").length - 1)).toEqual([1024, 1, 0]);
    expect(parts[2]).toStartWith("{-1 }0/-1 ]1/-1 ");
  });

  test("counts the lists and maps around an item", () => {
    const log = new TokenLog();
    reader.read(Buffer.from(`${"[".repeat(1023)}1${"]".repeat(1023)}`), log, 1);
    expect(log.words.join(" ")).not.toContain("unrepresentable");
    reader.read(Buffer.from(`${"[".repeat(1024)}1${"]".repeat(1024)}`), log, 1);
    expect(log.words.filter((word) => word === `unrepresentable:${TOO_DEEP}`)).toHaveLength(1);
  });
});
