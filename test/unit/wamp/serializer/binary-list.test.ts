import { expect, test } from "bun:test";
import { binaryItemEnd, unsignedAt } from "#wamp/serializer/binary-list.ts";
import { octetsOf } from "../../../support/token-log.ts";

test.each([
  ["ff 01 ff", 1, 1],
  ["ff 0102 ff", 2, 0x102],
  ["ff 01020304 ff", 4, 0x1020304],
  ["ff 001fffffffffffff ff", 8, 2 ** 53 - 1],
  ["ff 0020000000000000 ff", 8, -1],
  ["ff 0102", 4, -1],
  ["ff", 1, -1],
])("in %s the integer of %d octets is %d", (hex, count, value) => {
  expect(unsignedAt(octetsOf(hex), 1, count)).toBe(value);
});

test("an item ends where the next one begins", () => {
  expect(binaryItemEnd(octetsOf("82 01 02"), 2)).toBe(2);
});
