import { describe, expect, test } from "bun:test";
import { MalformedMessage } from "#wamp/token/malformed-message.ts";
import { UnrepresentableValue } from "#wamp/token/unrepresentable-value.ts";
import { buildMessage, sliceMessage, sliceSoundItems } from "#wamp/transcode/payload-slice.ts";
import { utf8 } from "../../../support/utf8.ts";

describe("sliceMessage", () => {
  test("slices JSON with white space", () => {
    const slices = sliceMessage(
      utf8(' [ 48 , 7 ,{} , "a,b" , [ 1.0 , "]" ] , {"k" : 1} ] '),
      "json",
    );
    expect(slices.length).toBe(6);
    expect([0, 1, 2, 3].map((index) => slices.value(index))).toEqual([48, 7, {}, "a,b"]);
    expect(Buffer.from(slices.octets(4)).toString()).toBe('[ 1.0 , "]" ]');
    expect(Buffer.from(slices.octets(5)).toString()).toBe('{"k" : 1}');
    expect(slices.value(6)).toBeUndefined();
  });

  test.each(["85 1830 07 a0 6161 81f93c00", "9f 1830 07 a0 6161 81f93c00 ff"])(
    "slices CBOR %s",
    (hex) => {
      const slices = sliceMessage(Buffer.from(hex.replaceAll(" ", ""), "hex"), "cbor");
      expect([0, 1, 2, 3, 4].map((index) => slices.value(index))).toEqual([48, 7, {}, "a", [1]]);
      expect(Buffer.from(slices.octets(4)).toString("hex")).toBe("81f93c00");
    },
  );

  test("slices MsgPack, with an extension type", () => {
    const slices = sliceMessage(Buffer.from("95300780a16191d6ff00000000", "hex"), "msgpack");
    expect(slices.length).toBe(5);
    expect(Buffer.from(slices.octets(4)).toString("hex")).toBe("91d6ff00000000");
    expect(() => slices.value(4)).toThrow(UnrepresentableValue);
  });

  test("reads exact values", () => {
    const slices = sliceMessage(utf8('[1,9007199254740993,{"__proto__":"\\u0000AP8="}]'), "json");
    expect(slices.value(1)).toBe(9007199254740993n);
    const map = slices.value(2) as object;
    expect(Object.entries(map)).toEqual([["__proto__", new Uint8Array([0, 255])]]);
    expect(Object.getPrototypeOf(map)).toBe(Object.prototype);
  });

  test.each([
    "{}",
    "[]",
    '["48"]',
    "[[1]]",
    "[[],48]",
    '[{"a":1},48]',
    "[null,48]",
    "1",
    "[-1]",
    "[48,{]",
  ])("refuses %s", (text) => {
    expect(() => sliceMessage(utf8(text), "json")).toThrow(MalformedMessage);
  });

  test.each([
    ["a tag before it", "c1 82 1830 07"],
    ["a tag before its type", "82 c1 1830 07"],
    ["a big integer as its type", "82 c24130 07"],
    ["the mark of CBOR twice", "d9d9f7 d9d9f7 82 1830 07"],
    ["a type beyond 255", "82 190130 07"],
  ])("refuses a list of CBOR with %s, as the relay does", (_, hex) => {
    const octets = Buffer.from(hex.replaceAll(" ", ""), "hex");
    expect(() => sliceMessage(octets, "cbor")).toThrow("not a list with a message type");
  });

  test("takes the mark of CBOR before a list", () => {
    expect(sliceMessage(Buffer.from("d9d9f782183007", "hex"), "cbor").value(0)).toBe(48);
  });

  test("names what it refuses", () => {
    expect(() => sliceMessage(utf8("{}"), "json")).toThrow("not a list with a message type");
  });

  test("takes the type 0", () => {
    expect(sliceMessage(utf8("[0]"), "json").value(0)).toBe(0);
  });
});

describe("sliceMessage, where an item is asked for that is not there", () => {
  test.each([-1, 2, 99])("has nothing at %d", (index) => {
    const slices = sliceMessage(utf8("[48,7]"), "json");
    expect(slices.value(index)).toBeUndefined();
    expect(slices.octets(index)).toHaveLength(0);
  });

  test("does not take the items of an inner list for its own", () => {
    const slices = sliceMessage(utf8('[48,[1,[2]],{"a":[3]}]'), "json");
    expect(slices.length).toBe(3);
    expect(slices.value(1)).toEqual([1, [2]]);
  });
});

describe("sliceSoundItems", () => {
  test.each([
    ["[48,7,{},[1,}]", [48, 7, {}]],
    ["[48,7", [48]],
    ["[48,7]x", [48, 7]],
    ["[48", []],
    ['["a",7,', []],
    ["{", []],
    ["", []],
  ])("%s", (text, values) => {
    for (const message of [text, Buffer.from(text)]) {
      const slices = sliceSoundItems(utf8(message), "json");
      expect(values.map((_, index) => slices.value(index))).toEqual(values);
      expect(slices.length).toBe(values.length);
    }
  });
});

describe("buildMessage", () => {
  const payload = {
    serializer: "json",
    items: [Buffer.from("[1.0,2]"), Buffer.from('{"a":-1}')],
  } as const;

  test.each([
    ["cbor", "85 1832 07 a0 82fb3ff000000000000002 a1616120"],
    ["msgpack", "95 32 07 80 92cb3ff000000000000002 81a161ff"],
  ] as const)("puts a head before a payload transcoded to %s", (target, hex) => {
    const built = buildMessage([50, 7, {}], { ...payload, items: [...payload.items] }, target);
    expect(Buffer.from(built).toString("hex")).toBe(hex.replaceAll(" ", ""));
  });

  test("keeps the octets of the payload between equal serializers", () => {
    const items = [Buffer.from("[ 1.0, 2 ]")];
    const built = buildMessage([50, 7, {}], { serializer: "json", items }, "json");
    expect(Buffer.from(built).toString()).toBe("[50,7,{},[ 1.0, 2 ]]");
  });

  test("has the head alone where the payload has no items", () => {
    const built = buildMessage([50, 7, {}], { serializer: "cbor", items: [] }, "json");
    expect(Buffer.from(built).toString()).toBe("[50,7,{}]");
  });

  test.each([
    ["81a16178f820", "80", "[3][0].x"],
    ["80", "a16178f820", "[4].x"],
  ])("of %s and %s names the place of an unrepresentable value", (first, second, place) => {
    const items = [Buffer.from(first, "hex"), Buffer.from(second, "hex")];
    try {
      buildMessage([50, 7, {}], { serializer: "cbor", items }, "json");
      throw new Error("nothing was thrown");
    } catch (error) {
      expect(error).toBeInstanceOf(UnrepresentableValue);
      expect((error as UnrepresentableValue).place).toBe(place);
    }
  });
});
