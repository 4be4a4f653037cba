import { describe, expect, test } from "bun:test";
import { jsonStringEnd } from "#config/text/json-string.ts";
import { parseJson } from "#config/text/parse-json.ts";
import { parseYaml } from "#config/text/parse-yaml.ts";
import { upgradeJson } from "#config/upgrade/upgrade-json.ts";

test.each([
  ['""', 2],
  ['"a", "b"', 3],
  [String.raw`"\"", 1`, 4],
  [String.raw`"\\"`, 4],
  [String.raw`"\b\f\n\r\t\/\u00eF"`, 20],
  ['"', -1],
  ['"a', -1],
  [String.raw`"\"`, -1],
  [String.raw`"\a"`, -1],
  [String.raw`"\u12g4"`, -1],
  ['"a\nb"', -1],
  ['"\u0000"', -1],
  ['"\u007f\u2028"', 4],
])("the string at the begin of %j ends at %d", (text, end) => {
  expect(jsonStringEnd(text, 0)).toBe(end);
  if (end < 0) expect(() => JSON.parse(text)).toThrow();
  else expect(JSON.parse(text.slice(0, end))).toBeString();
});

describe.each([
  ["letters", "a"],
  ["escapes", String.raw`\n`],
])("a string of 3,000,000 %s", (_what, unit) => {
  const string = `"${unit.repeat(3_000_000)}"`;

  test("is read", () => {
    const value = JSON.parse(string);
    const read = parseJson(`{${string}: 1, "b": [${string}]}`).value as Record<string, unknown>;
    expect(Object.keys(read)[0] === value).toBe(true);
    expect(Object.values(read)[1]).toBeArrayOfSize(1);
    expect((read["b"] as string[])[0] === value).toBe(true);
  });

  test("stays as it is when a file is upgraded", () => {
    const upgraded = upgradeJson(`{"version": 1, ${string}: [${string}]}`, []);
    expect(upgraded === `{"version": 2, ${string}: [${string}]}`).toBe(true);
  });
});

test("a binary value of 8,000,000 digits in YAML is read", () => {
  const { value } = parseYaml(`!!binary ${"A".repeat(8_000_000)}`, "node.yaml");
  expect(value).toHaveLength(6_000_000);
});
