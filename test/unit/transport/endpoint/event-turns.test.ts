import { describe, expect, test } from "bun:test";
import { EventTurns, type TurnTaker } from "#transport/endpoint/event-turns.ts";

/** Turns by a clock that only `work` moves; `next` begins the next one. */
function turns() {
  let now = 1;
  let begins: (() => void)[] = [];
  const made = new EventTurns(
    () => now,
    (begin) => void begins.push(begin),
  );
  return {
    turns: made,
    work(milliseconds: number) {
      now += milliseconds;
    },
    next() {
      const due = begins;
      begins = [];
      for (const begin of due) begin();
      return due.length;
    },
  };
}

describe("a turn", () => {
  test("has 10 ms, from the first question on", () => {
    const { turns: one, work, next } = turns();
    work(1000);
    expect(one.hasTime()).toBe(true);
    work(9);
    expect(one.hasTime()).toBe(true);
    work(1);
    expect(one.hasTime()).toBe(false);
    expect(next()).toBe(1);
    expect(one.hasTime()).toBe(true);
  });

  test("is not followed by another when nothing waits", () => {
    const { turns: one, next } = turns();
    expect(one.hasTime()).toBe(true);
    expect([next(), next()]).toEqual([1, 0]);
  });

  test("is given to those that wait, one after the other, as long as it has time", () => {
    const { turns: one, work, next } = turns();
    const taken: string[] = [];
    const waiting = (name: string, left: number): TurnTaker => {
      const taker = {
        takeTurn() {
          taken.push(name);
          work(6);
          left -= 1;
          if (left > 0) one.wait(taker);
        },
      };
      return taker;
    };
    one.wait(waiting("a", 3));
    one.wait(waiting("b", 1));
    one.wait(waiting("c", 1));
    const each: string[] = [];
    while (next() > 0) each.push(taken.splice(0).join(""));
    expect(each).toEqual(["ab", "ca", "a", ""]);
  });
});
