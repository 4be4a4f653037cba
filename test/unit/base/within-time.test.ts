import { expect, test } from "bun:test";
import { withinTime } from "#base/within-time.ts";

test("a wait ends with its promise or its time", async () => {
  expect(await withinTime(Promise.resolve(), 10_000)).toBe(true);
  expect(await withinTime(new Promise(() => {}), 0)).toBe(false);
  expect(await withinTime(new Promise(() => {}), -1)).toBe(false);
});
