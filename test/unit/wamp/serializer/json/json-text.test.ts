import { expect, test } from "bun:test";
import { checkSurrogates, utf8Of } from "#wamp/serializer/json/json-text.ts";
import { MalformedMessage } from "#wamp/token/malformed-message.ts";

test("a string becomes its UTF-8, in octets that stay", () => {
  const first = utf8Of("[é😀]");
  utf8Of("[another]");
  expect(first.toHex()).toBe("5bc3a9f09f98805d");
});

test.each(['["\ud800"]', '["\udc00\ud800"]'])("%j has no UTF-8", (text) => {
  expect(() => utf8Of(text)).toThrow(MalformedMessage);
  expect(() => checkSurrogates(text)).toThrow(
    "Cannot read a json message: it has a lone surrogate",
  );
});
