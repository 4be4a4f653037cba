import { describe, expect, test } from "bun:test";
import { MAX_CLOSED } from "#observe/closed-sessions.ts";
import { SessionCounts } from "#observe/session-counts.ts";
import { SessionRecord } from "#session/session-record.ts";
import { SessionTable } from "#worker/session-table.ts";
import { FakePeer } from "../../support/fake-peer.ts";
import { fakeTime } from "../../support/fake-time.ts";

const record = new SessionRecord(new SessionCounts());
record.ends("client_left");
const facts = () => record.facts(new FakePeer(), true);

/** A table of so many sessions that end when the test says so. */
function table(count: number) {
  const sessions = new SessionTable();
  const told: number[] = [];
  const retired: [session: number, graceMs: number][] = [];
  const open = Array.from({ length: count }, (_, index) =>
    sessions.add({
      shutdown: () => void told.push(index),
      retire: (_cause, graceMs) => void retired.push([index, graceMs]),
      isJoining: false,
      facts,
    }),
  );
  return { sessions, open, told, retired };
}

describe("the shutdown of sessions", () => {
  test("is over at once where there are none", async () => {
    await new SessionTable().shutdown(1000);
  });

  test("reaches every session, and waits for the last", async () => {
    const { sessions, open, told } = table(3);
    let isOver = false;
    const over = sessions.shutdown(60_000).then(() => {
      isOver = true;
    });
    expect(told).toEqual([0, 1, 2]);
    for (const session of open.slice(0, 2)) sessions.remove(session);
    await Bun.sleep(0);
    expect([isOver, sessions.size]).toEqual([false, 1]);
    for (const session of open.slice(2)) sessions.remove(session);
    await over;
  });

  test("includes sessions that end while it runs", async () => {
    const sessions = new SessionTable();
    for (let count = 0; count < 3; count++) {
      const session = sessions.add({
        shutdown: () => sessions.remove(session),
        retire() {},
        isJoining: false,
        facts,
      });
    }
    await sessions.shutdown(60_000);
    expect(sessions.size).toBe(0);
  });

  test("does not wait longer than its time", async () => {
    const pass = fakeTime();
    const { sessions } = table(1);
    const over = sessions.shutdown(2000);
    pass(2000);
    await over;
    expect(sessions.size).toBe(1);
  });
});

/** Lets what waits for a timer or a promise go on. */
const settle = async () => {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
};

describe("the drain of sessions", () => {
  test("retires one after the other within three quarters of its time", async () => {
    const pass = fakeTime();
    const { sessions, open, retired } = table(100);
    let isOver = false;
    const over = sessions.drain(10_000).then(() => {
      isOver = true;
    });
    const counts: number[] = [];
    for (let second = 1; second <= 10; second++) {
      for (let step = 0; step < 100; step++) {
        pass(10);
        await settle();
      }
      counts.push(retired.length);
    }
    // The gaps are 37.5 to 75 ms, so that 1,000 ms have 13 to 27 of them.
    expect(counts[0]).toBeWithin(13, 29);
    expect(counts[2]).toBeLessThan(90);
    expect(counts[7]).toBe(100);
    expect(retired.map(([index]) => index)).toEqual(open.map((_, index) => index));
    for (const [, graceMs] of retired) expect(graceMs).toBeWithin(2_400, 10_001);
    await over;
    expect(isOver).toBe(true);
  });

  test("ends with the last session, and is no longer with few", async () => {
    const pass = fakeTime();
    const { sessions, open, retired } = table(2);
    const over = sessions.drain(600_000);
    await settle();
    expect(retired).toHaveLength(1);
    pass(1000);
    await settle();
    expect(retired).toHaveLength(2);
    for (const session of open) sessions.remove(session);
    await over;
  });

  test("leaves out sessions that have ended meanwhile", async () => {
    const pass = fakeTime();
    const { sessions, open, retired } = table(3);
    const over = sessions.drain(60_000);
    for (const session of open.slice(1)) sessions.remove(session);
    pass(2000);
    await settle();
    expect(retired.map(([index]) => index)).toEqual([0]);
    for (const session of open) sessions.remove(session);
    await over;
  });

  test("retires many sessions together where the gaps are shorter than a timer", async () => {
    const sessions = new SessionTable();
    const started = performance.now();
    for (let count = 0; count < 5000; count++) {
      const session = sessions.add({
        shutdown() {},
        retire: () => sessions.remove(session),
        isJoining: false,
        facts,
      });
    }
    await sessions.drain(200);
    expect(sessions.size).toBe(0);
    expect(performance.now() - started).toBeWithin(70, 4500);
  });
});

describe("lists of sessions", () => {
  const cids = (sessions: SessionTable, state: "open" | "closed" | "all") => {
    const { total, sessions: listed } = sessions.page({ state, sort: "cid", offset: 0, limit: 10 });
    return { total, cids: listed.map(({ cid }) => cid) };
  };

  test("have open ones, closed ones, or all, each with its number", () => {
    const { sessions, open } = table(4);
    for (const session of open.slice(0, 1)) sessions.remove(session);
    expect(cids(sessions, "open")).toEqual({ total: 3, cids: [2, 3, 4] });
    expect(cids(sessions, "closed")).toEqual({ total: 1, cids: [1] });
    expect(cids(sessions, "all")).toEqual({ total: 4, cids: [1, 2, 3, 4] });
  });

  test("have no closed connection of a client that never said HELLO", () => {
    const { sessions } = table(0);
    const silent = new SessionRecord(new SessionCounts());
    silent.connectionLost("closed");
    sessions.remove(
      sessions.add({
        shutdown() {},
        retire() {},
        isJoining: true,
        facts: () => silent.facts(new FakePeer(), true),
      }),
    );
    expect(cids(sessions, "closed")).toEqual({ total: 0, cids: [] });
  });

  test("have the last thousand that are over", () => {
    const { sessions, open } = table(MAX_CLOSED + 2);
    for (const session of open) sessions.remove(session);
    expect(cids(sessions, "closed")).toMatchObject({
      total: MAX_CLOSED,
      cids: [3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
    });
  });
});
