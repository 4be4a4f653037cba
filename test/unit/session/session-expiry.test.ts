import { expect, jest, test } from "bun:test";
import { SessionExpiry } from "#session/session-expiry.ts";
import { fakeTime } from "../../support/fake-time.ts";

/** A session that ends after so many milliseconds. */
function expiring(ms: number) {
  const pass = fakeTime();
  const counted = { ends: 0 };
  const expiry = new SessionExpiry(Date.now() + ms, () => void counted.ends++);
  return { pass, counted, expiry };
}

// A timer of more than 2^31 - 1 milliseconds, or 24.8 days, would be over at once.
test.each([2, 5000, 3_600_000, 100_000_000, 2_600_000_000])("ends once, after %p ms", (ms) => {
  const { pass, counted } = expiring(ms);
  pass(ms - 1);
  expect(counted.ends).toBe(0);
  pass(1);
  expect(counted.ends).toBe(1);
  pass(10_000_000);
  expect(counted.ends).toBe(1);
});

test("a time that has passed ends the session, but not at once", () => {
  const { pass, counted } = expiring(-1);
  expect(counted.ends).toBe(0);
  pass(1);
  expect(counted.ends).toBe(1);
});

test("a clock that is set forward is noticed within an hour", () => {
  const { pass, counted } = expiring(100_000_000);
  jest.setSystemTime(Date.now() + 100_000_000);
  pass(3_600_000);
  expect(counted.ends).toBe(1);
});

test("a session that has ended before is left alone", () => {
  const { pass, counted, expiry } = expiring(100_000_000);
  pass(4_000_000);
  expiry.stop();
  pass(200_000_000);
  expect(counted.ends).toBe(0);
});
