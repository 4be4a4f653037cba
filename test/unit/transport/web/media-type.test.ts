import { expect, test } from "bun:test";
import { mediaTypeOf } from "#transport/web/media-type.ts";

test("the longest configured suffix wins, then what is commonly known", () => {
  const suffixes = { ".js": "text/plain", ".min.js": "text/x-min" };
  expect(mediaTypeOf("a.MIN.js", suffixes)).toBe("text/x-min; charset=utf-8");
  expect(mediaTypeOf("a.js", suffixes)).toBe("text/plain; charset=utf-8");
  expect(mediaTypeOf("a.html", {})).toBe("text/html; charset=utf-8");
  expect(mediaTypeOf("a.png", {})).toBe("image/png");
  expect(mediaTypeOf("a.jgz", {})).toBe("text/javascript; charset=utf-8");
  expect(mediaTypeOf("html", {})).toBe("application/octet-stream");
  expect(mediaTypeOf("a.unheardof", {})).toBe("application/octet-stream");
});
