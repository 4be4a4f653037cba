import { expect, test } from "bun:test";
import { isUtf8Between } from "#wamp/token/utf8-check.ts";
import { octetsOf } from "../../../support/token-log.ts";

const LONG = "61".repeat(60);

test.each([
  ["nothing", ""],
  ["ASCII", "00 7f"],
  ["two octets", "61 c3a9"],
  ["three octets", "e282ac"],
  ["four octets", "f09f9880"],
  ["long ASCII", LONG],
  ["a long text that ends in four octets", `${LONG} f09f9880`],
])("%s is UTF-8", (_name, hex) => {
  const octets = octetsOf(`ff ${hex} ff`);
  expect(isUtf8Between(octets, 1, octets.length - 1)).toBe(true);
});

test.each([
  ["a continuation alone", "80"],
  ["a broken sequence after ASCII", "61 c328"],
  ["a sequence cut off at the end", "61 c3"],
  ["an overlong slash", "c0af"],
  ["a surrogate", "eda080"],
  ["a code point above 10ffff", "f4908080"],
  ["a long text with a fault at its end", `${LONG} ff`],
])("%s is not", (_name, hex) => {
  // The octet after the end would complete the sequence that is cut off.
  const octets = octetsOf(`61 ${hex} a9`);
  expect(isUtf8Between(octets, 1, octets.length - 1)).toBe(false);
});
