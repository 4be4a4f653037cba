import { expect, test } from "bun:test";
import { readItem, readValue } from "#wamp/serializer/read-value.ts";
import { MalformedMessage } from "#wamp/token/malformed-message.ts";
import { UnrepresentableValue } from "#wamp/token/unrepresentable-value.ts";
import { octetsOf } from "../../../support/token-log.ts";

test.each([
  ["json", "5b312c227b225d", [1, "{"]],
  ["msgpack", "92 01 a17b", [1, "{"]],
  ["cbor", "82 01 617b", [1, "{"]],
] as const)("a %s value", (serializer, hex, value) => {
  expect(readValue(octetsOf(hex), serializer)).toEqual([...value]);
  expect(readItem(octetsOf(hex), serializer)).toEqual([...value]);
});

test.each([
  ["cbor", "c001", "CBOR tag 0 as a value"],
  ["msgpack", "d40100", "MsgPack extension type 1 as a value"],
] as const)("a %s value that JavaScript lacks: %s", (serializer, hex, what) => {
  expect(() => readItem(octetsOf(hex), serializer)).toThrow(UnrepresentableValue);
  expect(() => readValue(octetsOf(hex), serializer)).toThrow(MalformedMessage);
  expect(() => readValue(octetsOf(hex), serializer)).toThrow(
    `Cannot read a ${serializer} message: Cannot represent ${what}`,
  );
});

test("octets that are malformed for both", () => {
  expect(() => readItem(octetsOf("81"), "cbor")).toThrow(MalformedMessage);
  expect(() => readValue(octetsOf("81"), "cbor")).toThrow(MalformedMessage);
});
