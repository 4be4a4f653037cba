import { expect, test } from "bun:test";
import type { WireMessage } from "#wamp/peer.ts";
import { nextCborInteger, peekCborType } from "#wamp/serializer/cbor/cbor-head.ts";
import { octetsOf } from "../../../../support/token-log.ts";

test.each([
  ["81 00", 0],
  ["81 06", 6],
  ["97 17", 23],
  ["83 1830", 48],
  ["83 18ff", 255],
  ["83 190030", 48],
  ["83 1a00000030", 48],
  ["83 1b0000000000000030", 48],
  ["98 03 06", 6],
  ["99 0003 06", 6],
  ["9a 00000003 06", 6],
  ["9b 0000000000000003 06", 6],
  ["9f 1830", 48],
  ["d9d9f7 83 1830", 48],
])("%s has message type %d", (hex, type) => {
  expect(peekCborType(octetsOf(hex))).toBe(type);
});

test.each([
  "",
  "80",
  "80 06",
  "00 06",
  "78 00 06",
  "7f 06",
  "a1 01",
  "7f",
  "81",
  "81 61",
  "81 20",
  "81 18",
  "81 190100",
  "81 1900",
  "81 1a01000030",
  "81 1c",
  "9c 06",
  "d9d9f8 81 06",
  "d9d901 81 06",
  "d900f7 81 06",
  "00d9f7 81 06",
  "d9d9f7",
])("%s has none", (hex) => {
  expect(peekCborType(octetsOf(hex))).toBe(-1);
});

/** The integers of a message, up to the first element that is none. */
function integersOf(message: WireMessage): number[] {
  const integers = [peekCborType(message)];
  while (integers.at(-1) !== -1 || integers.length < 2) integers.push(nextCborInteger(message));
  return integers;
}

test.each([
  ["83 1824 01 02", [36, 1, 2, -1]],
  ["84 1824 17 1818 19ffff", [36, 23, 24, 65535, -1]],
  ["83 1824 1affffffff 1b001fffffffffffff", [36, 4294967295, 9007199254740991, -1]],
  ["82 1824 1b0020000000000000", [36, -1]],
  ["82 1824 1bffffffffffffffff", [36, -1]],
  ["82 1824 20", [36, -1]],
  ["82 1824 f93c00", [36, -1]],
  ["82 1824 1901", [36, -1]],
  ["82 1824", [36, -1]],
  ["81 1824 01", [36, -1]],
  ["d9d9f7 82 1824 01 02", [36, 1, -1]],
  // The length of these lists is spelled in a rare way.
  ["9f 1824 01 ff", [36, -1]],
  ["9802 1824 01", [36, -1]],
])("%s begins with the integers %j", (hex, integers) => {
  expect(integersOf(octetsOf(hex))).toEqual(integers);
});
