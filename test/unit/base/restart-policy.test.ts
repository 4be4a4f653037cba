import { expect, test } from "bun:test";

import { RestartPolicy } from "#base/restart-policy.ts";

test("doubles the wait from death to death up to ten seconds", () => {
  const policy = new RestartPolicy();
  const delays = Array.from({ length: 9 }, () => policy.nextDelayMs(50));
  expect(delays).toEqual([100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000]);
});

test("begins again after ten seconds without a death", () => {
  const policy = new RestartPolicy();
  policy.nextDelayMs(0);
  policy.nextDelayMs(0);
  expect(policy.nextDelayMs(10_000)).toBe(100);
  expect(policy.nextDelayMs(9_999)).toBe(200);
});
