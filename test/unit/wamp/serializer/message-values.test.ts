import { describe, expect, test } from "bun:test";
import { decodeMessage, encodeMessage } from "#wamp/serializer/message-values.ts";
import { SERIALIZER_NAMES } from "#wamp/serializer-name.ts";
import { MalformedMessage } from "#wamp/token/malformed-message.ts";

describe("encodeMessage and decodeMessage", () => {
  test.each(SERIALIZER_NAMES)("keep values in %s", (serializer) => {
    const message = [
      2,
      2 ** 53,
      2 ** 53 - 1,
      -(2 ** 40),
      2 ** 32,
      2 ** 31,
      {
        roles: { broker: {} },
        binary: new Uint8Array([0, 1, 255]),
        list: [null, true, 1.5, "é😀"],
      },
      Object.fromEntries(Array.from({ length: 70 }, (_, index) => [`k${index}`, index])),
      JSON.parse('{"__proto__":{"x":1}}'),
    ];
    const decoded = decodeMessage(encodeMessage(message, serializer), serializer);
    expect(decoded.slice(0, 8)).toEqual(message.slice(0, 8));
    expect(Object.keys(decoded[8] as object)).toEqual(["__proto__"]);
  });

  test("encode ids as integers and omit undefined", () => {
    const hex = (message: unknown[], serializer: "cbor" | "msgpack") =>
      Buffer.from(encodeMessage(message, serializer)).toString("hex");
    expect(hex([2, 2 ** 40, { a: undefined, b: 1 }], "cbor")).toContain("1b0000010000000000");
    expect(hex([2, 2 ** 40, { a: undefined, b: 1 }], "msgpack")).toMatch(
      /^9302(cf|d3)000001000000000081a16201$/,
    );
    const json = encodeMessage([2, 2n ** 60n, { a: undefined }], "json");
    expect(Buffer.from(json).toString()).toBe("[2,1152921504606846976,{}]");
  });

  test.each([
    ["json", "7b7d"],
    ["json", "5b"],
    ["json", "5b2261225d"],
    ["json", "ff"],
    ["cbor", "80"],
    ["cbor", "a0"],
    ["cbor", "8201"],
    ["cbor", "8201f820"],
    ["cbor", "8201c000"],
    ["msgpack", "90"],
    ["msgpack", "c1"],
    ["msgpack", "9201d40100"],
  ] as const)("refuse %s %s", (serializer, hex) => {
    expect(() => decodeMessage(Buffer.from(hex, "hex"), serializer)).toThrow(MalformedMessage);
  });

  test("name what they refuse", () => {
    expect(() => decodeMessage(Buffer.from("[null]"), "json")).toThrow(
      "not a list with a message type",
    );
  });
});
