import { expect, test } from "bun:test";
import type { WireMessage } from "#wamp/peer.ts";
import { nextJsonInteger, peekJsonType } from "#wamp/serializer/json/json-head.ts";

test.each([
  ["[48,", 48],
  [" [\n 8,", 8],
  ["\t\r[6]", 6],
  ["[0 ]", 0],
  ["[255,", 255],
  ["[048,", 48],
])("%j has a message type", (text, type) => {
  expect(peekJsonType(Buffer.from(text))).toBe(type);
});

test.each([
  "",
  "[",
  "[4",
  "[]",
  "[ ]",
  "{",
  "{48,",
  '["',
  "[1.0",
  "[-1",
  "[256,",
  "[1 2",
  "[,1",
  "[1e1",
])("%j has none", (text) => {
  expect(peekJsonType(Buffer.from(text))).toBe(-1);
});

/** The integers of a message, up to the first element that is none. */
function integersOf(message: WireMessage): number[] {
  const integers = [peekJsonType(message)];
  while (integers.at(-1) !== -1 || integers.length < 2) integers.push(nextJsonInteger(message));
  return integers;
}

test.each([
  ["[36,1,2]", [36, 1, 2, -1]],
  [" [ 36 , 1\n,\t2 , {} ] ", [36, 1, 2, -1]],
  ["[48,0,{}]", [48, 0, -1]],
  ["[48,9007199254740991]", [48, 9007199254740991, -1]],
  ["[48,9007199254740992]", [48, -1]],
  ["[48,9007199254740993]", [48, -1]],
  ["[48,10000000000000000]", [48, -1]],
  ["[48,-1]", [48, -1]],
  ["[48,1.5]", [48, -1]],
  ["[48,1e3]", [48, -1]],
  ["[48,1", [48, -1]],
  ['[48,"1"]', [48, -1]],
  ["[48,,1]", [48, -1]],
  ["[48 1]", [-1, -1]],
  ["[48]1]", [48, -1]],
])("%s begins with the integers %j", (text, integers) => {
  expect(integersOf(Buffer.from(text))).toEqual(integers);
});
