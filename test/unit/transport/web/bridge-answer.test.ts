import { expect, test } from "bun:test";
import { printFields } from "#transport/http/http-answer.ts";
import {
  COMMON_ALONE,
  commonHeaders,
  denial,
  withCommonHeaders,
} from "#transport/web/bridge/bridge-answer.ts";

test("a refusal is a JSON object in Crossbar's form", () => {
  const { status, headers, body } = denial(400, "a.error", { Allow: "POST" }, ['say "é"']);
  expect([status, headers]).toEqual([400, { Allow: "POST" }]);
  expect(Buffer.from(body).toString()).toBe(
    '{"error":"a.error","args":["say \\"é\\""],"kwargs":{}}',
  );
});

test.each<[string, Record<string, string>, Record<string, string | undefined>]>([
  ["without an origin", {}, { "Access-Control-Allow-Origin": "*" }],
  ["of a page without one", { Origin: "null" }, { "Access-Control-Allow-Origin": "*" }],
  [
    "of a page",
    { Origin: "https://a.example" },
    {
      "Access-Control-Allow-Origin": "https://a.example",
      "Access-Control-Allow-Headers": undefined,
    },
  ],
  [
    "that asks for headers",
    { "Access-Control-Request-Headers": "x-one, x-two" },
    { "Access-Control-Allow-Headers": "x-one, x-two" },
  ],
])("a request %s gets its headers", (_, request, expected) => {
  const headers: Record<string, string | undefined> = commonHeaders(new Headers(request));
  for (const [name, value] of Object.entries(expected))
    expect([name, headers[name]]).toEqual([name, value]);
  expect(headers).toMatchObject({ "X-Content-Type-Options": "nosniff", Vary: "Origin" });
  expect(headers["Cache-Control"]).toContain("no-store");
});

test.each<[string, Record<string, string>]>([
  ["a program", {}],
  ["a page", { Origin: "https://a.example" }],
  ["a page that asks first", { "Access-Control-Request-Headers": "x-one" }],
])("the fields of an answer to %s are printed as they are", (_, fields) => {
  const request = new Headers(fields);
  const common = printFields(commonHeaders(request));
  const answer = { status: 200, headers: COMMON_ALONE, body: new Uint8Array() };
  for (const [headers, own] of [
    [COMMON_ALONE, ""],
    [{ Allow: "POST" }, "Allow: POST\r\n"],
  ] as const) {
    const made = withCommonHeaders({ ...answer, headers }, request);
    expect(made.printedFields ?? printFields(made.headers)).toBe(common + own);
  }
});
