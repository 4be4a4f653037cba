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
  const authids = Array.from({ length: 20_000 }, randomAuthid);
  expect(new Set(authids).size).toBe(20_000);
  const counts = new Map<string, number>();
  for (const letter of authids.join("").replaceAll("-", "")) {
    counts.set(letter, (counts.get(letter) ?? 0) + 1);
  }
  expect(counts.size).toBe(25);
  // 480,000 letters, 19,200 of each. The chi-squared statistic of 25 letters is above 100 once in 10^11
  // times; it is 175 where octets from 251 on are skipped, but 250 is not.
  const squares = [...counts.values()].map((count) => (count - 19_200) ** 2 / 19_200);
  expect(squares.reduce((sum, square) => sum + square)).toBeLessThan(100);
});
