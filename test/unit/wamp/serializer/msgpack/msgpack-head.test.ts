import { expect, test } from "bun:test";
import type { WireMessage } from "#wamp/peer.ts";
import { nextMsgpackInteger, peekMsgpackType } from "#wamp/serializer/msgpack/msgpack-head.ts";
import { octetsOf } from "../../../../support/token-log.ts";

test.each([
  ["91 00", 0],
  ["91 30", 48],
  ["9f 7f", 127],
  ["93 ccff", 255],
  ["93 cd0030", 48],
  ["93 ce00000030", 48],
  ["93 cf0000000000000030", 48],
  ["93 d030", 48],
  ["93 d10030", 48],
  ["93 d200000030", 48],
  ["93 d30000000000000030", 48],
  ["dc 0003 30", 48],
  ["dd 00000003 30", 48],
])("%s has message type %d", (hex, type) => {
  expect(peekMsgpackType(octetsOf(hex))).toBe(type);
});

test.each([
  "",
  "90",
  "90 06",
  "8f 06",
  "80",
  "a1",
  "91",
  "91 a1",
  "91 e0",
  "91 cc",
  "91 cd0100",
  "91 cd00",
  "91 ce01000030",
  "91 cb",
  "91 d4",
  "91 d4 06",
  "91 a0 06",
  "dc 0003",
  "de 0003 30",
  "de 00000003 30",
])("%s has none", (hex) => {
  expect(peekMsgpackType(octetsOf(hex))).toBe(-1);
});

/** The integers of a message, up to the first element that is none. */
function integersOf(message: WireMessage): number[] {
  const integers = [peekMsgpackType(message)];
  while (integers.at(-1) !== -1 || integers.length < 2) integers.push(nextMsgpackInteger(message));
  return integers;
}

test.each([
  ["93 24 01 02", [36, 1, 2, -1]],
  ["95 24 7f cc80 cdffff ceffffffff", [36, 127, 128, 65535, 4294967295, -1]],
  ["92 24 cf001fffffffffffff", [36, 9007199254740991, -1]],
  ["92 24 cf0020000000000000", [36, -1]],
  [
    "95 24 d07f d17fff d27fffffff d3001fffffffffffff",
    [36, 127, 32767, 2147483647, 9007199254740991, -1],
  ],
  ["92 24 d080", [36, -1]],
  ["92 24 d3ffffffffffffffff", [36, -1]],
  ["92 24 ff", [36, -1]],
  ["92 24 cb3ff0000000000000", [36, -1]],
  ["92 24 cd01", [36, -1]],
  ["92 24 d1", [36, -1]],
  ["92 24", [36, -1]],
  ["91 24 01", [36, -1]],
  ["92 24 01 02", [36, 1, -1]],
  // The length of these lists is spelled in a rare way.
  ["dc0002 24 01", [36, -1]],
  ["dd00000002 24 01", [36, -1]],
])("%s begins with the integers %j", (hex, integers) => {
  expect(integersOf(octetsOf(hex))).toEqual(integers);
});
