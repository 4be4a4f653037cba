import { expect, test } from "bun:test";
import { templateValue } from "#transport/web/wap/result-value.ts";
import { UnrepresentableValue } from "#wamp/token/unrepresentable-value.ts";
import { octetsOf } from "../../../support/token-log.ts";

test.each<[string, unknown]>([
  ["f6", null],
  ["f7", null],
  ["01", 1n],
  ["1b0020000000000000", 9007199254740992n],
  ["fb3ff8000000000000", 1.5],
  ["82016178", [1n, "x"]],
  ["a16161f5", new Map([["a", true]])],
  ["a1f601", new Map([[null, 1n]])],
  ["a1f401", new Map([[false, 1n]])],
  ["a1f93c0001", new Map([[1, 1n]])],
  ["a10102", new Map([[1n, 2n]])],
  ["a1410101", new Map([[Uint8Array.of(1), 1n]])],
])("CBOR %s is a value of templates", (hex, value) => {
  expect(templateValue(octetsOf(hex), "cbor")).toEqual(value as never);
});

test.each([
  ["81c001", "CBOR tag 0 as a value of a template"],
  ["a18001", "a list as a key of a value of a template"],
  ["a1a001", "a map as a key of a value of a template"],
])("CBOR %s is none", (hex, what) => {
  const read = () => templateValue(octetsOf(hex), "cbor");
  expect(read).toThrow(UnrepresentableValue);
  expect(read).toThrow(`Cannot represent ${what}`);
});
