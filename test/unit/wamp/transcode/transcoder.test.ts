import { describe, expect, test } from "bun:test";
import { decode as decodeCbor } from "cbor-x";
import { unpack } from "msgpackr";
import type { SerializerName } from "#wamp/serializer-name.ts";
import { MalformedMessage } from "../../../../src/wamp/token/malformed-message.ts";
import { UnrepresentableValue } from "../../../../src/wamp/token/unrepresentable-value.ts";
import { transcodeItem, transcoderFor } from "../../../../src/wamp/transcode/transcoder.ts";
import { titled } from "../../../support/titles.ts";

type Spelling = readonly [SerializerName, string];

/** Octets of JSON as they are written, of the others in hexadecimal. */
function octets([serializer, spelled]: Spelling): Uint8Array {
  return serializer === "json"
    ? Buffer.from(spelled)
    : Buffer.from(spelled.replaceAll(" ", ""), "hex");
}

function transcoded([from, spelled]: Spelling, to: SerializerName): string {
  const item = transcodeItem(octets([from, spelled]), from, to);
  return to === "json" ? Buffer.from(item).toString() : Buffer.from(item).toString("hex");
}

/** Values in JSON, MsgPack and CBOR, each in the spelling that the writers choose. */
const SAME: readonly (readonly [string, string, string])[] = [
  ["null", "c0", "f6"],
  ["true", "c3", "f5"],
  ["false", "c2", "f4"],
  ["0", "00", "00"],
  ["23", "17", "17"],
  ["24", "18", "1818"],
  ["127", "7f", "187f"],
  ["128", "cc80", "1880"],
  ["255", "ccff", "18ff"],
  ["256", "cd0100", "190100"],
  ["65535", "cdffff", "19ffff"],
  ["65536", "ce00010000", "1a00010000"],
  ["4294967295", "ceffffffff", "1affffffff"],
  ["4294967296", "cf0000000100000000", "1b0000000100000000"],
  ["9007199254740991", "cf001fffffffffffff", "1b001fffffffffffff"],
  ["9007199254740993", "cf0020000000000001", "1b0020000000000001"],
  ["18446744073709551615", "cfffffffffffffffff", "1bffffffffffffffff"],
  ["-1", "ff", "20"],
  ["-32", "e0", "381f"],
  ["-33", "d0df", "3820"],
  ["-129", "d1ff7f", "3880"],
  ["-32769", "d2ffff7fff", "398000"],
  ["-2147483649", "d3ffffffff7fffffff", "1a80000000".replace("1a", "3a")],
  ["-9007199254740991", "d3ffe0000000000001", "3b001ffffffffffffe"],
  ["-9223372036854775808", "d38000000000000000", "3b7fffffffffffffff"],
  ["1.0", "cb3ff0000000000000", "fb3ff0000000000000"],
  ["-0.0", "cb8000000000000000", "fb8000000000000000"],
  ["0.1", "cb3fb999999999999a", "fb3fb999999999999a"],
  ["1e+21", "cb444b1ae4d6e2ef50", "fb444b1ae4d6e2ef50"],
  ["5e-324", "cb0000000000000001", "fb0000000000000001"],
  ['""', "a0", "60"],
  ['"a\\u0000\\n\\"\\\\/"', "a66100 0a225c2f", "6661000a225c2f"],
  ['"é€😀"', "a9c3a9e282acf09f9880", "69c3a9e282acf09f9880"],
  ['"\\u0000"', "c400", "40"],
  ['"\\u0000AP8="', "c40200ff", "4200ff"],
  ["[]", "90", "80"],
  ["[1,[2,{}]]", "92019202 80", "82018202a0"],
  ['{"b":1,"a":2,"b":3}', "83a16201a16102a16203", "a3616201616102616203"],
  [
    '{"__proto__":{"\\u0000x":1}}',
    "81a95f5f70726f746f5f5f81a2007801",
    "a1695f5f70726f746f5f5fa162007801",
  ],
];

describe("transcodeItem", () => {
  for (const [json, msgpack, cbor] of SAME) {
    test(`transcodes ${json} between all three`, () => {
      const spellings: Spelling[] = [
        ["json", json],
        ["msgpack", msgpack.replaceAll(" ", "")],
        ["cbor", cbor],
      ];
      for (const from of spellings)
        for (const [to, expected] of spellings) expect(transcoded(from, to)).toBe(expected);
    });
  }

  test.each([
    ["json", ' [ 1 , { "a" : [ ] } ] ', "cbor", "8201a1616180"],
    ["json", '"\\u0041\\/\\b\\f\\n\\r\\t\\ud83d\\ude00"', "cbor", "6b412f080c0a0d09f09f9880"],
    ["json", "-0", "cbor", "fb8000000000000000"],
    ["json", "1e3", "msgpack", "cb408f400000000000"],
    ["json", "18446744073709551616", "cbor", "c249010000000000000000"],
    ["json", "-18446744073709551617", "cbor", "c349010000000000000000"],
    ["cbor", "c249010000000000000000", "json", "18446744073709551616"],
    ["cbor", "c25f4101480000000000000000ff", "json", "18446744073709551616"],
    ["cbor", "c24101", "json", "1"],
    ["cbor", "3bffffffffffffffff", "json", "-18446744073709551616"],
    ["cbor", "f93c00", "json", "1.0"],
    ["cbor", "f90001", "msgpack", "cb3e70000000000000"],
    ["cbor", "fa3dcccccd", "json", "0.10000000149011612"],
    ["cbor", "f97c00", "msgpack", "cb7ff0000000000000"],
    ["cbor", "d9d9f783010203", "json", "[1,2,3]"],
    ["cbor", "9f01bf61617f61626163ffffff", "msgpack", "920181a161a26263"],
    ["cbor", "5f42010243030405ff", "json", '"\\u0000AQIDBAU="'],
    ["cbor", "a2 01 02 20 03", "json", '{"1":2,"-1":3}'],
    ["cbor", "a2 01 02 f5 03", "msgpack", "820102c303"],
    ["msgpack", "81 9101 02", "cbor", "a1810102"],
    ["msgpack", "ca3f800000", "json", "1.0"],
    ["msgpack", "dc000101", "cbor", "8101"],
    ["json", '"\u007f"', "msgpack", "a17f"],
  ] as const)("transcodes %s %s to %s", (from, spelled, to, expected) => {
    expect(transcoded([from, spelled], to)).toBe(expected);
  });

  test.each([15, 16, 23, 24, 255, 256, 65535, 65536])("counts a list and a map of %d", (count) => {
    const list = Array.from({ length: count }, (_, index) => index % 7);
    const map = Object.fromEntries(list.map((item, index) => [`k${index}`, item]));
    const value = [list, map, "end"];
    const json = Buffer.from(JSON.stringify(value));
    const cbor = transcodeItem(json, "json", "cbor");
    const msgpack = transcodeItem(json, "json", "msgpack");
    expect(decodeCbor(cbor)).toEqual(value);
    expect(unpack(msgpack)).toEqual(value);
    expect(Buffer.from(transcodeItem(cbor, "cbor", "msgpack")).equals(msgpack)).toBe(true);
    expect(Buffer.from(transcodeItem(msgpack, "msgpack", "json")).equals(json)).toBe(true);
  });

  test.each([
    ["cbor", "a2616101 6162f7", '{"a":1}'],
    ["cbor", "bf6162f7 616101ff", '{"a":1}'],
    ["cbor", "82f7 a16161a16162f7", '[null,{"a":{}}]'],
    ["cbor", "a1a16161f701", undefined],
    ["msgpack", "82a16101 a162d40000", '{"a":1}'],
    ["msgpack", "92d40000 81a16181a162d40000", '[null,{"a":{}}]'],
  ] as const)("omits undefined: %s %s", (from, spelled, json) => {
    const octets = Buffer.from(spelled.replaceAll(" ", ""), "hex");
    if (json === undefined) expect(() => transcodeItem(octets, from, "json")).toThrow("a map");
    else expect(Buffer.from(transcodeItem(octets, from, "json")).toString()).toBe(json);
  });

  test.each(
    titled(
      [
        ["json", "[1e400]", "cbor", "[0]"],
        ["json", '[48,1,{},"u",[{"x":"\\ud800"}]]', "msgpack", "[4][0].x"],
        ["json", '{"a b":"\\udc00\\ud800"}', "cbor", '["a b"]'],
        ["json", '["\\u0000AB"]', "cbor", "[0]"],
        ["json", '["\\u0000AP9="]', "cbor", "[0]"],
        ["json", '["\\u0000hello world"]', "msgpack", "[0]"],
        ["json", "[18446744073709551616]", "msgpack", "[0]"],
        ["json", "[-9223372036854775809]", "msgpack", "[0]"],
        ["json", `[${"9".repeat(5000)}]`, "cbor", "[0]"],
        ["cbor", "81f820", "json", "[0]"],
        ["cbor", "81c074323031332d30332d32315432303a30343a30305a", "json", "[0]"],
        ["cbor", "81f97e00", "json", "[0]"],
        ["cbor", "81f97c00", "json", "[0]"],
        ["cbor", "816100", "json", "[0]"],
        ["cbor", "81a1f501", "json", "[0]"],
        ["cbor", "81a1410101", "json", "[0]"],
        ["cbor", "81a20101613102", "json", "[0]"],
        ["cbor", "81a1 6178 a1 6179 f820", "msgpack", "[0].x.y"],
        ["msgpack", "91d6ff00000000", "cbor", "[0]"],
        ["msgpack", "91d40100", "json", "[0]"],
        ["msgpack", "9181c001", "json", "[0]"],
      ] as const,
      3,
    ),
  )("cannot represent %s", (_title, from, spelled, to, place) => {
    try {
      transcoded([from, spelled], to);
      throw new Error("nothing was thrown");
    } catch (error) {
      expect(error).toBeInstanceOf(UnrepresentableValue);
      expect((error as UnrepresentableValue).place).toBe(place);
      expect((error as Error).message).toStartWith("Cannot represent ");
    }
  });

  test.each(
    titled([
      ["json", ""],
      ["json", "[1,]"],
      ["json", "[1"],
      ["json", "[1]x"],
      ["json", '{"a":1,}'],
      ["json", "{1:2}"],
      ["json", "[01]"],
      ["json", "[-]"],
      ["json", "[1.]"],
      ["json", "[.5]"],
      ["json", "[1e]"],
      ["json", "[+1]"],
      ["json", "[tru]"],
      ["json", "[NaN]"],
      ["json", '["\\x"]'],
      ["json", '["\\u12g4"]'],
      ["json", '["\n"]'],
      ["json", '["a'],
      ["json", '["\\'],
      ["json", '["\\ud800\\u'],
      ["json", "\ufeff[]"],
      ["json", "[".repeat(129)],
      ["msgpack", ""],
      ["msgpack", "c1"],
      ["msgpack", "0000"],
      ["msgpack", "92 01"],
      ["msgpack", "ddffffffff00"],
      ["msgpack", "dfffffffff00"],
      ["msgpack", "dbffffffff00"],
      ["msgpack", "a2c328"],
      ["msgpack", "a3eda080"],
      ["msgpack", "91".repeat(129)],
      ["cbor", ""],
      ["cbor", "ff"],
      ["cbor", "1c"],
      ["cbor", "1f"],
      ["cbor", "df01"],
      ["cbor", "f818"],
      ["cbor", "fc"],
      ["cbor", "0101"],
      ["cbor", "8201"],
      ["cbor", "9f01"],
      ["cbor", "bf01ff"],
      ["cbor", "9bffffffffffffffff"],
      ["cbor", "bb7fffffffffffffff"],
      ["cbor", "7bffffffffffffffff"],
      ["cbor", "5f6161ff"],
      ["cbor", "5f5f4100ffff"],
      ["cbor", "7f61c361a9ff"],
      ["cbor", "62c328"],
      ["cbor", "81".repeat(129)],
      ["cbor", "9f".repeat(129)],
      ["cbor", "d9d9f7".repeat(100000)],
    ] as const),
  )("refuses as malformed %s", (_title, from, spelled) => {
    for (const to of ["json", "msgpack", "cbor"] as const) {
      if (to !== from) expect(() => transcoded([from, spelled], to)).toThrow(MalformedMessage);
    }
  });

  test("refuses JSON octets that are not UTF-8", () => {
    expect(() => transcodeItem(Buffer.from("22c32822", "hex"), "json", "cbor")).toThrow(
      MalformedMessage,
    );
  });

  test("transcodes an item of 1023 levels, and refuses one of 1024 in a message of 1025", () => {
    expect(transcoded(["cbor", `${"81".repeat(1022)}80`], "json")).toBe(
      "[".repeat(1023) + "]".repeat(1023),
    );
    expect(() => transcoded(["cbor", `${"81".repeat(1023)}80`], "json")).toThrow(
      `Cannot represent lists and maps nested deeper than 1024 levels in JSON at ${"[0]".repeat(16)}…`,
    );
  });

  test("transcodes binary of 16 MiB to JSON and back", () => {
    const binary = Buffer.alloc(16 * 1024 * 1024, 0xa5);
    const cbor = Buffer.concat([Buffer.from("815a01000000", "hex"), binary]);
    const json = transcodeItem(cbor, "cbor", "json");
    expect(Buffer.from(transcodeItem(json, "json", "cbor")).equals(cbor)).toBe(true);
  });

  test("returns a copy", () => {
    const first = transcodeItem(Buffer.from("[1]"), "json", "cbor");
    transcodeItem(Buffer.from("[2]"), "json", "cbor");
    const same = transcodeItem(first, "cbor", "cbor");
    first[1] = 9;
    expect([...same]).toEqual([0x81, 1]);
  });
});

describe("transcoderFor", () => {
  test("returns the message itself between equal serializers", () => {
    const message = Buffer.from("9f01ff", "hex");
    expect(transcoderFor("cbor", "cbor")(message)).toBe(message);
  });

  test("reads and writes a JSON message of any length", () => {
    const text = Buffer.from(`[48,1,{},"com.é","${"x".repeat(400_000)}"]`);
    const cbor = new Uint8Array(transcoderFor("json", "cbor")(text));
    expect(decodeCbor(cbor)).toEqual(JSON.parse(String(text)));
    expect(Buffer.from(transcoderFor("cbor", "json")(cbor)).equals(text)).toBe(true);
  });

  test("works after a message that was incomplete", () => {
    const transcode = transcoderFor("cbor", "json");
    expect(() => transcode(Buffer.from("81a10181a1f500", "hex"))).toThrow(UnrepresentableValue);
    const json = transcode(Buffer.from("81a10181f5", "hex"));
    expect(Buffer.from(json).toString()).toBe('[{"1":[true]}]');
  });
});
