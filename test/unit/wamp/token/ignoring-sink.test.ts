import { expect, test } from "bun:test";
import { CborReader } from "#wamp/serializer/cbor/cbor-reader.ts";
import { IgnoringSink } from "#wamp/token/ignoring-sink.ts";
import { octetsOf } from "../../../support/token-log.ts";

test("lets a reader pass over every kind of value", () => {
  const reader = new CborReader();
  const everyKind = "8b f6 f5 01 1bffffffffffffffff f93c00 6161 4101 a10102 e0 c001 f7";
  expect(() => reader.read(octetsOf(everyKind), new IgnoringSink())).not.toThrow();
  expect(reader.position).toBe(octetsOf(everyKind).length);
});
