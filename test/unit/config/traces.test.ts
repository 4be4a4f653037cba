/** `controller.traces`. */

import { describe, expect, test } from "bun:test";
import { loadNode, nodeWith } from "../../support/loaded-node.ts";

const load = (traces: unknown, env = {}) => loadNode(nodeWith("$.controller.traces", traces), env);
const url = "http://127.0.0.1:4318/v1/traces";

test.each<[string, object, object]>([
  ["a URL", { url }, { url, headers: {}, ratio: 1 }],
  [
    "a header of a variable, and a ratio",
    { url, headers: { Authorization: `\${AUTHORIZATION}` }, ratio: 0.1 },
    { url, headers: { Authorization: "Bearer s3cret" }, ratio: 0.1 },
  ],
])("with %s are taken", async (_, traces, expected) => {
  const { config, faults, warnings } = await load(traces, { AUTHORIZATION: "Bearer s3cret" });
  expect([...faults, ...warnings]).toEqual([]);
  expect(config?.controller.traces).toEqual(expected as never);
});

test("without them there are none", async () => {
  expect((await load(undefined)).config?.controller.traces).toBeUndefined();
});

describe("are refused with", () => {
  test.each([
    [{}, "$.controller.traces.url: required attribute is missing"],
    [
      { url: "grpc://127.0.0.1:4317" },
      '$.controller.traces.url: expected an http or https URL, found "grpc://127.0.0.1:4317"',
    ],
    [{ url, ratio: 2 }, "$.controller.traces.ratio: expected 0 to 1, found 2"],
    [
      { url, headers: { "X Y": "a" } },
      /^\$\.controller\.traces\.headers.*: expected the name of a header, found "X Y"$/,
    ],
    [
      { url, headers: { X: "s3cret\n" } },
      "$.controller.traces.headers.X: expected printable ASCII in one line",
    ],
  ])("%j", async (traces, fault) => {
    const { faults } = await load(traces);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(fault);
  });
});
