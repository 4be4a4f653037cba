import { expect, test } from "bun:test";
import { Distribution } from "#observe/distribution.ts";

test("counts values up to each bound, and those beyond the last one", () => {
  const distribution = new Distribution([1, 10]);
  for (const value of [0.5, 1, 1.1, 10, 11, 100]) distribution.observe(value);
  expect(distribution.figures()).toEqual({ bounds: [1, 10], counts: [2, 2, 2], sum: 123.6 });
});

test("figures stay as they are when further values come", () => {
  const distribution = new Distribution([1]);
  const before = distribution.figures();
  distribution.observe(1);
  expect(before.counts).toEqual([0, 0]);
});
