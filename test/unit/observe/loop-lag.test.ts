import { expect, test } from "bun:test";
import { LoopLag } from "#observe/loop-lag.ts";
import { fakeTime } from "../../support/fake-time.ts";

test("measures once a second how late its timer is", () => {
  const pass = fakeTime();
  const { lag } = new LoopLag();
  expect(lag.figures().counts.every((count) => count === 0)).toBe(true);
  pass(3_000);
  const { counts, sum } = lag.figures();
  expect([counts[0], sum]).toEqual([3, 0]);
});
