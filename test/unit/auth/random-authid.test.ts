import { expect, test } from "bun:test";
import { randomAuthid } from "#auth/random-authid.ts";

test("has Crossbar's form, of letters that are hard to confuse", () => {
  for (let count = 0; count < 100; count++) {
    expect(randomAuthid()).toMatch(
      /^([ACEFGHJKLMNPQRTUVWXY34679]{4}-){5}[ACEFGHJKLMNPQRTUVWXY34679]{4}$/,
    );
  }
});

test("is another each time, and prefers no letter", () => {
  const authids = Array.from({ length: 5000 }, randomAuthid);
  expect(new Set(authids).size).toBe(5000);
  const counts = new Map<string, number>();
  for (const letter of authids.join("").replaceAll("-", "")) {
    counts.set(letter, (counts.get(letter) ?? 0) + 1);
  }
  expect(counts.size).toBe(25);
  // 120,000 letters, 4800 of each; six standard deviations are 408.
  for (const count of counts.values()) expect(Math.abs(count - 4800)).toBeLessThan(410);
});
