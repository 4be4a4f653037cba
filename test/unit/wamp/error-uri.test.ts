import { expect, test } from "bun:test";
import { ErrorUri } from "#wamp/error-uri.ts";
import { isLooseUri } from "#wamp/loose-uri.ts";

test("every URI is one, has a name of its own, and belongs to WAMP, Crossbar or crossproxy", () => {
  const uris = Object.values(ErrorUri);
  expect(uris.filter((uri) => !isLooseUri(uri))).toEqual([]);
  expect(new Set(uris).size).toBe(uris.length);
  expect(
    uris.filter((uri) => !/^(wamp\.(error|close)|crossbar\.error|crossproxy\.close)\./.test(uri)),
  ).toEqual([]);
});

test("a name is the last component of its URI in camel case", () => {
  for (const [name, uri] of Object.entries(ErrorUri)) {
    const last = uri.split(".").at(-1) ?? "";
    expect(name).toBe(last.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()));
  }
});
