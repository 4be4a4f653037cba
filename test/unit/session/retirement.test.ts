import { expect, test } from "bun:test";
import { ConnectionAge } from "#session/connection-age.ts";
import { Retirement } from "#session/retirement.ts";
import { fakeTime } from "../../support/fake-time.ts";

/** A session that is to end, with a call under way or not. */
function retiring(graceMs: number, isAwaited: boolean) {
  const pass = fakeTime();
  const counted = { ends: 0 };
  const retirement = new Retirement(
    graceMs,
    () => isAwaited,
    () => void counted.ends++,
  );
  return { pass, counted, retirement };
}

test("a session with calls under way refuses new ones in the last quarter, and then ends", () => {
  const { pass, counted, retirement } = retiring(10_000, true);
  pass(7499);
  expect([retirement.refusesCalls, counted.ends]).toEqual([false, 0]);
  pass(1);
  expect([retirement.refusesCalls, counted.ends]).toEqual([true, 0]);
  pass(2500);
  expect(counted.ends).toBe(1);
});

test.each([
  [10_000, 2000],
  [600, 300],
])("of %p ms, a session without a call ends after %p ms", (graceMs, idleMs) => {
  const { pass, counted } = retiring(graceMs, false);
  pass(idleMs - 1);
  expect(counted.ends).toBe(0);
  pass(1);
  expect(counted.ends).toBe(1);
});

test("a session that has ended before is left alone", () => {
  const { pass, counted, retirement } = retiring(1000, false);
  retirement.stop();
  pass(2000);
  expect([retirement.refusesCalls, counted.ends]).toEqual([false, 0]);
});

test.each([
  [0, 900],
  [0.5, 1000],
  [1, 1100],
])(
  "with the random number %p a connection of at most 1000 ms is old after %p ms",
  (random, due) => {
    const pass = fakeTime();
    let times = 0;
    const age = new ConnectionAge(
      1000,
      () => void times++,
      () => random,
    );
    pass(due - 1);
    expect(times).toBe(0);
    pass(1);
    expect(times).toBe(1);
    // It may have been joining: it is looked at again.
    pass(1000);
    expect(times).toBe(2);
    age.stop();
    pass(5000);
    expect(times).toBe(2);
  },
);
