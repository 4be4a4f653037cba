import { expect, test } from "bun:test";
import { encodeJson } from "#wamp/serializer/json/json-values.ts";
import { titled } from "../../../../support/titles.ts";

test.each(
  titled(
    [
      [[1, -0.5, "é", null, true], '[1,-0.5,"é",null,true]'],
      [[2n ** 60n, { a: -1n }], '[1152921504606846976,{"a":-1}]'],
      [[new Uint8Array([0, 255])], '["\\u0000AP8="]'],
      [[{ a: undefined, b: [] }], '[{"b":[]}]'],
    ],
    1,
  ),
)("%s", (_title, values, text) => {
  expect(encodeJson(values, true)).toBe(text);
  expect(encodeJson(values, false)).toEqual(Buffer.from(text));
});
