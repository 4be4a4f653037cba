import { afterEach, describe, expect, test } from "bun:test";
import type { FailedAttempts } from "#auth/authentication.ts";
import { FailedJoins } from "#worker/failed-joins.ts";
import { quiet } from "../../support/quiet-context.ts";

const joe = "tcp4:192.0.2.1:1000";

/** An attempt that fails, unless it is refused. */
async function fail(attempts: FailedAttempts | undefined): Promise<"judged" | "refused"> {
  const attempt = await attempts?.begin();
  attempt?.end(true);
  return attempt === undefined ? "refused" : "judged";
}

describe("FailedJoins", () => {
  const now = performance.now.bind(performance);
  afterEach(() => {
    performance.now = now;
  });

  test("refuses an address that failed as often as it may, until a failure is forgotten", async () => {
    let time = 0;
    performance.now = () => time;
    const attempts = new FailedJoins(quiet).of(joe, 6);
    for (const _ of [1, 2, 3, 4, 5]) await fail(attempts);
    expect(attempts?.areTooMany).toBe(false);
    await fail(attempts);
    expect(attempts?.areTooMany).toBe(true);
    time = 9_999;
    expect(attempts?.areTooMany).toBe(true);
    time = 10_000;
    expect(attempts?.areTooMany).toBe(false);
    expect(await fail(attempts)).toBe("judged");
    expect(attempts?.areTooMany).toBe(true);
    expect(await fail(attempts)).toBe("refused");
  });

  test("judges no more attempts at the same time than may fail; the others wait", async () => {
    const attempts = new FailedJoins(quiet).of(joe, 3);
    const begun = Array.from({ length: 300 }, () => attempts?.begin());
    const outcomes: string[] = [];
    for (const one of begun) {
      void one?.then((attempt) => outcomes.push(attempt === undefined ? "refused" : "judged"));
    }
    await Bun.sleep(0);
    expect(outcomes).toEqual(["judged", "judged", "judged"]);
    expect(attempts?.areTooMany).toBe(false);
    // A success lets the next one be judged, and a failure does not.
    (await begun[0])?.end(false);
    (await begun[1])?.end(true);
    await Bun.sleep(0);
    expect(outcomes).toHaveLength(4);
    (await begun[2])?.end(true);
    (await begun[3])?.end(true);
    await Bun.sleep(0);
    expect(outcomes).toHaveLength(300);
    expect(outcomes.filter((outcome) => outcome === "judged")).toHaveLength(4);
    expect(attempts?.areTooMany).toBe(true);
  });

  test("refuses nobody of many who join at the same time and succeed", async () => {
    const attempts = new FailedJoins(quiet).of(joe, 3);
    const joins = Array.from({ length: 300 }, async () => {
      const attempt = await attempts?.begin();
      await Bun.sleep(0);
      attempt?.end(false);
      return attempt !== undefined;
    });
    expect(new Set(await Promise.all(joins))).toEqual(new Set([true]));
    for (const expected of ["judged", "judged", "judged", "refused"] as const) {
      expect(await fail(attempts)).toBe(expected);
    }
  });

  test("an attempt ends once", async () => {
    const attempts = new FailedJoins(quiet).of(joe, 1);
    const attempt = await attempts?.begin();
    attempt?.end(false);
    attempt?.end(true);
    expect(attempts?.areTooMany).toBe(false);
  });

  test("counts connections of an address together, and other addresses apart", async () => {
    const failures = new FailedJoins(quiet);
    await fail(failures.of("tcp6:[2001:db8::1]:1000", 1));
    expect(failures.of("tcp6:[2001:db8::2]:2000", 1)?.areTooMany).toBe(true);
    expect(failures.of("tcp6:[2001:db8:0:1::1]:1000", 1)?.areTooMany).toBe(false);
    expect(failures.of("tcp6:[2001:db8::1]:1000", 2)?.areTooMany).toBe(false);
  });

  test("does not limit clients of a Unix socket, nor anybody where the limit is 0", () => {
    const failures = new FailedJoins(quiet);
    expect(failures.of("unix:/run/router.sock", 1)).toBeUndefined();
    expect(failures.of(joe, 0)).toBeUndefined();
  });

  test("says once that an address is refused", async () => {
    const told: unknown[] = [];
    const log = { ...quiet, warn: (...what: unknown[]) => void told.push(what) };
    const attempts = new FailedJoins(log).of(joe, 1);
    await fail(attempts);
    expect(told).toEqual([]);
    await fail(attempts);
    await fail(attempts);
    expect(told).toEqual([[expect.any(String), { address: "192.0.2.1" }]]);
  });

  test("remembers no more than 100,000 addresses, those that failed last", async () => {
    const failures = new FailedJoins(quiet);
    const peer = (index: number) => `tcp4:10.${index >> 16}.${(index >> 8) & 255}.${index & 255}:1`;
    for (let index = 0; index <= 100_000; index += 1) {
      await fail(failures.of(peer(index), 1));
    }
    expect(failures.of(peer(0), 1)?.areTooMany).toBe(false);
    expect(failures.of(peer(1), 1)?.areTooMany).toBe(true);
    expect(failures.of(peer(100_000), 1)?.areTooMany).toBe(true);
  });
});
