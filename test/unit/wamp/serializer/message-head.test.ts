import { describe, expect, test } from "bun:test";
import { peekMessageType } from "#wamp/serializer/message-head.ts";
import { MalformedMessage } from "#wamp/token/malformed-message.ts";

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
