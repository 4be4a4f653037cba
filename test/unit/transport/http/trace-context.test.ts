/** The field `traceparent`. */

import { expect, test } from "bun:test";
import { traceContextOf } from "#transport/http/trace-context.ts";

const valid = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

test.each([
  [valid, { traceparent: valid }],
  ["", {}],
  [valid.toUpperCase(), {}],
  [`${valid}, ${valid}`, {}],
  [valid.slice(1), {}],
])("%p is read as %j", (value, expected) => {
  expect(traceContextOf(new Headers({ traceparent: value }))).toEqual(expected);
});

test("a request without it has none", () => {
  expect(traceContextOf(new Headers())).toEqual({});
});
