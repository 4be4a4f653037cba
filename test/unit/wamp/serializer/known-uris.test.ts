import { expect, test } from "bun:test";
import { KnownUris } from "#wamp/serializer/known-uris.ts";

test("each URI is found as itself, however many have the same place and length", () => {
  const uris = new KnownUris();
  const texts = Array.from({ length: 5000 }, (_, number) => `com.example.u${1000 + number}`);
  for (const text of [...texts, ...texts, ...texts.slice(0, 1), ...texts.slice(0, 1)]) {
    const item = Buffer.from(`"${text}"`);
    expect(uris.at(item, 0, item.length, "json")).toBe(text);
  }
});

test("what is no URI, or no short text of ASCII, has to be read as a value", () => {
  const uris = new KnownUris();
  const texts = ['"a..b"', '"a b"', '""', '"ä"', '"a\\u0062"', "48", "{}", `"${"x".repeat(129)}"`];
  for (const text of [...texts, ...texts]) {
    const item = Buffer.from(text);
    expect(uris.at(item, 0, item.length, "json")).toBeUndefined();
  }
});
