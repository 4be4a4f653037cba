import { afterEach, describe, expect, test } from "bun:test";
import { FailedJoins } from "#worker/failed-joins.ts";
import { quiet } from "../../support/quiet-context.ts";

const joe = "tcp4:192.0.2.1:1000";

describe("FailedJoins", () => {
  const now = performance.now.bind(performance);
  afterEach(() => {
    performance.now = now;
  });

  test("refuses an address that failed as often as it may, until a failure is forgotten", () => {
    let time = 0;
    performance.now = () => time;
    const attempts = new FailedJoins(quiet).of(joe, 6);
    for (const _ of [1, 2, 3, 4, 5]) attempts?.add();
    expect(attempts?.areTooMany).toBe(false);
    attempts?.add();
    expect(attempts?.areTooMany).toBe(true);
    time = 9_999;
    expect(attempts?.areTooMany).toBe(true);
    time = 10_000;
    expect(attempts?.areTooMany).toBe(false);
    attempts?.add();
    expect(attempts?.areTooMany).toBe(true);
  });

  test("counts connections of an address together, and other addresses apart", () => {
    const failures = new FailedJoins(quiet);
    failures.of("tcp6:[2001:db8::1]:1000", 1)?.add();
    expect(failures.of("tcp6:[2001:db8::2]:2000", 1)?.areTooMany).toBe(true);
    expect(failures.of("tcp6:[2001:db8:0:1::1]:1000", 1)?.areTooMany).toBe(false);
    expect(failures.of("tcp6:[2001:db8::1]:1000", 2)?.areTooMany).toBe(false);
  });

  test("does not limit clients of a Unix socket, nor anybody where the limit is 0", () => {
    const failures = new FailedJoins(quiet);
    expect(failures.of("unix:/run/router.sock", 1)).toBeUndefined();
    expect(failures.of(joe, 0)).toBeUndefined();
  });

  test("says once that an address is refused", () => {
    const told: unknown[] = [];
    const log = { ...quiet, warn: (...what: unknown[]) => void told.push(what) };
    const attempts = new FailedJoins(log).of(joe, 1);
    attempts?.add();
    attempts?.add();
    expect(told).toEqual([[expect.any(String), { address: "192.0.2.1" }]]);
  });

  test("remembers no more than 100,000 addresses, those that failed last", () => {
    const failures = new FailedJoins(quiet);
    const peer = (index: number) => `tcp4:10.${index >> 16}.${(index >> 8) & 255}.${index & 255}:1`;
    for (let index = 0; index <= 100_000; index += 1) failures.of(peer(index), 1)?.add();
    expect(failures.of(peer(0), 1)?.areTooMany).toBe(false);
    expect(failures.of(peer(1), 1)?.areTooMany).toBe(true);
    expect(failures.of(peer(100_000), 1)?.areTooMany).toBe(true);
  });
});
