import { describe, expect, test } from "bun:test";
import { MalformedMessage } from "#wamp/token/malformed-message.ts";
import { sliceObject } from "#wamp/transcode/object-slice.ts";
import { titled } from "../../../support/titles.ts";

function sliced(text: string) {
  const slices = sliceObject(Buffer.from(text), "json");
  if (slices === null) return null;
  const values = [...slices.values].map(([name, octets]) => [name, Buffer.from(octets).toString()]);
  return { values: Object.fromEntries(values), repeated: [...slices.repeated] };
}

describe("sliceObject", () => {
  test.each(
    titled(
      [
        ["{}", {}],
        [' { "a" : 1 , "b" : "x, y" } ', { a: "1", b: '"x, y"' }],
        ['{"a":1.0}', { a: "1.0" }],
        ['{"a":[1, {"b":2}] ,"c":{"a":3 }}', { a: '[1, {"b":2}]', c: '{"a":3 }' }],
        ['{"\\u0061\\n":true}', { "a\n": "true" }],
        ['{"é":"é"\r\n}', { é: '"é"' }],
        ['{"a":"\\u0000AP8=","":null}', { a: '"\\u0000AP8="', "": "null" }],
      ],
      1,
    ),
  )("%s", (_title, text, values) => {
    expect(sliced(text)).toEqual({ values, repeated: [] });
  });

  test("reports names that are repeated, and has the last value of each", () => {
    expect(sliced('{"a":1,"b":2,"a":3,"c":{"c":4,"c":5},"\\u0061":6}')).toEqual({
      values: { a: "6", b: "2", c: '{"c":4,"c":5}' },
      repeated: ["a"],
    });
  });

  test.each(["[]", '[{"a":1}]', '"a"', "1", "null"])("%s is no object", (text) => {
    expect(sliced(text)).toBeNull();
  });

  test.each(["", "{", '{"a"}', '{"a":1}x', "{'a':1}", '{"a":1,}'])("%s is no JSON", (text) => {
    expect(() => sliced(text)).toThrow(MalformedMessage);
  });

  test.each([
    ["cbor", "a3 6161 01 02 6162 6163 820203", { a: "01", c: "820203" }],
    ["cbor", "bf 6161 f6 ff", { a: "f6" }],
    ["msgpack", "83 a161 01 02 a162 a163 920203", { a: "01", c: "920203" }],
  ] as const)("slices a map in %s: %s; a key that is no text has no name", (name, hex, values) => {
    const octets = Buffer.from(hex.replaceAll(" ", ""), "hex");
    const slices = [...(sliceObject(octets, name)?.values ?? [])];
    const found = slices.map(([key, value]) => [key, Buffer.from(value).toString("hex")]);
    expect(Object.fromEntries(found)).toEqual(values);
  });
});
