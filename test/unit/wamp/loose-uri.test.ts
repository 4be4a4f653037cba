import { expect, test } from "bun:test";
import { isLooseUri } from "#wamp/loose-uri.ts";

test.each(["a", "com.example.add", "com.Example-1.é", "wamp.error.invalid_uri", "1.2.3"])(
  "%p is a URI",
  (text) => {
    expect(isLooseUri(text)).toBe(true);
  },
);

test.each(["", ".", "a.", ".a", "a..b", "a b", "a\tb", "a#b", "com.example. add", "a\n", "#"])(
  "%p is no URI",
  (text) => {
    expect(isLooseUri(text)).toBe(false);
  },
);
