import { describe, expect, test } from "bun:test";
import { hasIntegers, peekMessageType } from "#wamp/serializer/message-head.ts";
import { MalformedMessage } from "#wamp/token/malformed-message.ts";
import { octetsOf } from "../../../support/token-log.ts";

describe("peekMessageType", () => {
  test.each([
    ["json", "5b34382c", 48],
    ["json", "205b0a20382c", 8],
    ["json", "5b365d", 6],
    ["json", "5b305d", 0],
    ["msgpack", "9100", 0],
    ["cbor", "8100", 0],
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
    const peek = () => peekMessageType(Buffer.from(hex, "hex"), serializer);
    expect(peek).toThrow(MalformedMessage);
    expect(peek).toThrow("not a list with a message type");
  });
});

/** `[36, 1, 0, {}]`. */
const MESSAGES = [
  ["json", Buffer.from("[36,1,0,{}]")],
  ["msgpack", octetsOf("94 24 01 00 80")],
  ["cbor", octetsOf("84 1824 01 00 a0")],
] as const;

describe.each(MESSAGES)("hasIntegers in %s", (serializer, message) => {
  test.each([
    [0, true],
    [1, true],
    [2, true],
    [3, false],
    [4, false],
  ])("%d follow the type: %p", (count, found) => {
    peekMessageType(message, serializer);
    expect(hasIntegers(message, serializer, count)).toBe(found);
  });

  test.each([
    [[1], true],
    [[7, 1], true],
    [[0], false],
    [[], false],
  ])("the first is one of %j: %p", (allowed, found) => {
    for (const count of [1, 2]) {
      peekMessageType(message, serializer);
      expect(hasIntegers(message, serializer, count, new Set(allowed))).toBe(found);
    }
  });
});
