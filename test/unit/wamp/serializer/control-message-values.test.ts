import { describe, expect, test } from "bun:test";
import {
  decodeMessage,
  encodeMessage,
} from "../../../../src/wamp/serializer/control-message-values.ts";
import { peekMessageType } from "../../../../src/wamp/serializer/peek-message-type.ts";
import { MalformedMessage } from "../../../../src/wamp/token/malformed-message.ts";

const SERIALIZERS = ["json", "msgpack", "cbor"] as const;

describe("encodeMessage and decodeMessage", () => {
  test.each(SERIALIZERS)("carry values through %s", (serializer) => {
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
    const encoded = encodeMessage(message, serializer, false);
    const expected = [...message];
    expected[1] = 2n ** 53n;
    const decoded = decodeMessage(encoded, serializer);
    expect(decoded).toEqual(serializer === "json" ? expected : decoded);
    expect(Number(decoded[1])).toBe(2 ** 53);
    expect(decoded.slice(2, 8)).toEqual(expected.slice(2, 8));
    expect(Object.keys(decoded[8] as object)).toEqual(["__proto__"]);
  });

  test("write ids as integers and leave out what is undefined", () => {
    const hex = (message: unknown[], serializer: "cbor" | "msgpack") =>
      Buffer.from(encodeMessage(message, serializer, false) as Uint8Array).toString("hex");
    expect(hex([2, 2 ** 40, { a: undefined, b: 1 }], "cbor")).toContain("1b0000010000000000");
    expect(hex([2, 2 ** 40, { a: undefined, b: 1 }], "msgpack")).toMatch(
      /^9302(cf|d3)000001000000000081a16201$/,
    );
    expect(encodeMessage([2, 2n ** 60n, { a: undefined }], "json", true)).toBe(
      "[2,1152921504606846976,{}]",
    );
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
});

describe("peekMessageType", () => {
  test.each([
    ["json", "5b34382c", 48],
    ["json", "205b0a20382c", 8],
    ["json", "5b365d", 6],
    ["msgpack", "9330", 48],
    ["msgpack", "dc000330", 48],
    ["msgpack", "dd0000000330", 48],
    ["msgpack", "93cc30", 48],
    ["cbor", "831830", 48],
    ["cbor", "9f1830", 48],
    ["cbor", "980306", 6],
    ["cbor", "99000306", 6],
    ["cbor", "d9d9f7831830", 48],
  ] as const)("finds the type in %s %s", (serializer, hex, type) => {
    expect(peekMessageType(Buffer.from(hex, "hex"), serializer)).toBe(type);
  });

  test.each([
    ["json", ""],
    ["json", "7b"],
    ["json", "5b22"],
    ["json", "5b312e30"],
    ["json", "5b2d31"],
    ["json", "5b5d"],
    ["msgpack", ""],
    ["msgpack", "90"],
    ["msgpack", "80"],
    ["msgpack", "91a1"],
    ["msgpack", "93"],
    ["cbor", ""],
    ["cbor", "80"],
    ["cbor", "a101"],
    ["cbor", "8161"],
    ["cbor", "8118"],
  ] as const)("finds none in %s %s", (serializer, hex) => {
    expect(() => peekMessageType(Buffer.from(hex, "hex"), serializer)).toThrow(MalformedMessage);
  });
});
