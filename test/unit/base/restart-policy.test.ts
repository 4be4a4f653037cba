import { describe, expect, test } from "bun:test";

import { RestartPolicy } from "#base/restart-policy.ts";

const delaysOf = (policy: RestartPolicy, count: number, aliveMs = 50) =>
  Array.from({ length: count }, () => policy.nextDelayMs(aliveMs));

describe("the wait before a restart", () => {
  test("is none at first, then doubles from death to death up to ten seconds", () => {
    const delays = delaysOf(new RestartPolicy(() => 0), 10);
    expect(delays).toEqual([0, 100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000]);
  });

  test("is up to a quarter shorter at random, also at the cap", () => {
    const delays = delaysOf(new RestartPolicy(() => 1), 10);
    expect(delays).toEqual([0, 75, 150, 300, 600, 1200, 2400, 4800, 7500, 7500]);
    for (const delayMs of delaysOf(new RestartPolicy(), 20).slice(8)) {
      expect(delayMs).toBeGreaterThanOrEqual(7500);
      expect(delayMs).toBeLessThanOrEqual(10_000);
    }
  });

  test("begins again after ten seconds without a death", () => {
    const policy = new RestartPolicy(() => 0);
    delaysOf(policy, 4);
    expect(policy.nextDelayMs(10_000)).toBe(0);
    expect(policy.nextDelayMs(9_999)).toBe(100);
  });
});

test("five ends in a row are a crash loop, reported whenever their number has doubled", () => {
  const policy = new RestartPolicy();
  const states = Array.from({ length: 21 }, () => {
    policy.nextDelayMs(0);
    return [policy.ends, policy.isCrashLoop, policy.isReported] as const;
  });
  expect(states.filter(([, isLoop]) => isLoop).map(([ends]) => ends)[0]).toBe(5);
  const reported = states.filter(([, isLoop, isReported]) => isLoop && isReported);
  expect(reported.map(([ends]) => ends)).toEqual([5, 10, 20]);
  policy.nextDelayMs(10_000);
  expect([policy.ends, policy.isCrashLoop]).toEqual([1, false]);
});
