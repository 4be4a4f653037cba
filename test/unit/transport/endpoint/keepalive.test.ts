import { describe, expect, test } from "bun:test";
import type { KeepaliveOptions } from "#config/options/session-config.ts";
import { pingTimes } from "#observe/ping-times.ts";
import { Keepalive } from "#transport/endpoint/keepalive.ts";
import { fakeTime } from "../../../support/fake-time.ts";

const options: KeepaliveOptions = {
  auto_ping_interval: 1000,
  auto_ping_timeout: 300,
  auto_ping_size: 4,
  auto_ping_restart_on_any_traffic: true,
};
const onlyPongs = { auto_ping_restart_on_any_traffic: false };
const FIRST = Buffer.from("0001");
const SECOND = Buffer.from("0002");

/** Keepalive of a connection under a clock that the test moves. */
function start(changes: Partial<KeepaliveOptions> = {}) {
  const pass = fakeTime();
  const pings: string[] = [];
  const state = { isPaused: false, expired: 0, buffered: 0, mayPing: true };
  const clock = { pausedMs: 0, pausedSince: 0 };
  const keepalive = new Keepalive(
    { ...options, ...changes },
    {
      descriptor: undefined,
      get bufferedOctets() {
        return state.buffered;
      },
      get mayPing() {
        return state.mayPing;
      },
      ping: (payload) => void pings.push(Buffer.from(payload).toString("latin1")),
      get readingMs() {
        return (state.isPaused ? clock.pausedSince : performance.now()) - clock.pausedMs;
      },
      isPaused: () => state.isPaused,
      onPingTimeout: () => void state.expired++,
    },
  );
  const pause = (milliseconds: number) => {
    clock.pausedSince = performance.now();
    state.isPaused = true;
    pass(milliseconds);
    state.isPaused = false;
    clock.pausedMs += milliseconds;
    keepalive.noteResumed();
  };
  return { pass, pause, pings, state, keepalive };
}

describe("a quiet connection", () => {
  test("is not pinged amid a long message, and after it again", () => {
    const { pass, pings, state } = start();
    state.mayPing = false;
    pass(5500);
    expect([pings, state.expired]).toEqual([[], 0]);
    state.mayPing = true;
    pass(500);
    expect(pings).toEqual(["0001"]);
    pass(300);
    expect(state.expired).toBe(1);
  });

  test("is pinged after the interval, and ended after the timeout", () => {
    const { pass, pings, state } = start();
    pass(999);
    expect(pings).toEqual([]);
    pass(1);
    expect(pings).toEqual(["0001"]);
    pass(299);
    expect(state.expired).toBe(0);
    pass(1);
    expect(state.expired).toBe(1);
    pass(100_000);
    expect([state.expired, pings.length]).toEqual([1, 1]);
  });

  test("that answers is pinged again, an interval behind its answer", () => {
    const { pass, pings, state, keepalive } = start();
    pass(1100);
    keepalive.notePong(FIRST);
    pass(999);
    expect(pings).toHaveLength(1);
    pass(1);
    expect([pings, state.expired]).toEqual([["0001", "0002"], 0]);
  });

  test("is pinged at the interval where only pongs count, whatever else it sends", () => {
    const { pass, pings, keepalive } = start(onlyPongs);
    pass(900);
    keepalive.noteTraffic();
    pass(100);
    keepalive.notePong(FIRST);
    pass(1000);
    expect(pings).toEqual(["0001", "0002"]);
  });

  test("is never pinged with an interval of 0", () => {
    const { pass, pings, state } = start({ auto_ping_interval: 0 });
    pass(1_000_000);
    expect([pings, state.expired]).toEqual([[], 0]);
  });

  test("is never ended with a timeout of 0", () => {
    const { pass, pings, state } = start({ auto_ping_timeout: 0 });
    pass(3000);
    expect([pings.length, state.expired]).toEqual([3, 0]);
  });
});

describe("a sign of life", () => {
  test("puts the next ping off", () => {
    const { pass, pings, keepalive } = start();
    pass(900);
    keepalive.noteTraffic();
    pass(999);
    expect(pings).toEqual([]);
    pass(1);
    expect(pings).toHaveLength(1);
  });

  test.each([
    ["any message", (one: Keepalive) => one.noteTraffic(), 0, 1],
    ["the answer", (one: Keepalive) => one.notePong(FIRST), 0, 0],
    ["a pong of another ping", (one: Keepalive) => one.notePong(SECOND), 0, 1],
    ["a part of the answer", (one: Keepalive) => one.notePong(FIRST.subarray(0, 3)), 0, 1],
    ["an empty pong", (one: Keepalive) => one.notePong(Buffer.alloc(0)), 0, 1],
  ])("is %s; where only pongs count, the answer alone", (_what, hear, any, alone) => {
    const expiredWith = (changes: Partial<KeepaliveOptions>) => {
      const { pass, state, keepalive } = start(changes);
      pass(1100);
      hear(keepalive);
      pass(200);
      return state.expired;
    };
    expect(expiredWith({})).toBe(any);
    expect(expiredWith(onlyPongs)).toBe(alone);
  });
});

describe("a connection that is not read", () => {
  test("is not ended, and has the rest of its time once it is read", () => {
    const { pass, pause, state } = start();
    pass(1100);
    pause(450);
    pass(199);
    expect(state.expired).toBe(0);
    pass(500);
    expect(state.expired).toBe(1);
  });

  test("is not ended however long it is not read", () => {
    const { pause, state } = start();
    pause(1_000_000);
    expect(state.expired).toBe(0);
  });

  test("has its pong read before it is ended, though its time is over", () => {
    const { pass, pause, state, keepalive } = start(onlyPongs);
    pass(1299);
    pause(10_000);
    pass(99);
    expect(state.expired).toBe(0);
    keepalive.notePong(FIRST);
    pass(999);
    expect(state.expired).toBe(0);
  });

  test.each([
    [1, 50],
    [50, 50],
    [99, 1],
    [150, 150],
    [299, 1],
  ])("is ended, though it is read for %d ms only between pauses of %d ms", (read, unread) => {
    const { pass, pause, state, keepalive } = start(onlyPongs);
    pass(1000);
    let readMs = 0;
    while (state.expired === 0 && readMs < 10_000) {
      pause(unread);
      keepalive.noteTraffic();
      pass(read);
      readMs += read;
    }
    expect(readMs).toBeGreaterThanOrEqual(299);
    expect(readMs).toBeLessThanOrEqual(800);
  });
});

describe("the end of keepalive", () => {
  test("leaves no ping and no expiry behind", () => {
    for (const milliseconds of [500, 1100]) {
      const { pass, pings, state, keepalive } = start();
      pass(milliseconds);
      const before = pings.length;
      keepalive.stop();
      pass(1_000_000);
      expect([pings.length, state.expired]).toEqual([before, 0]);
    }
  });

  test("may come while a ping is written", () => {
    const pass = fakeTime();
    let expired = 0;
    let pings = 0;
    const keepalive: Keepalive = new Keepalive(options, {
      descriptor: undefined,
      bufferedOctets: 0,
      readingMs: 0,
      ping() {
        pings += 1;
        keepalive.stop();
      },
      isPaused: () => false,
      onPingTimeout: () => void expired++,
    });
    pass(1_000_000);
    expect([pings, expired]).toEqual([1, 0]);
  });
});

describe("a connection that reads slowly", () => {
  const slow = { auto_ping_interval: 30_000, auto_ping_timeout: 30_000 };

  test("is not ended while it takes what was sent before the ping", () => {
    const { pass, state, pings, keepalive } = start(slow);
    state.buffered = 12_000_000;
    for (let at = 0; at < 200_000; at += 25_000) {
      pass(25_000);
      state.buffered -= 1_500_000;
      keepalive.noteDrained();
    }
    expect([state.buffered, state.expired, pings.length]).toEqual([0, 0, 1]);
    keepalive.notePong(FIRST);
    pass(30_000);
    expect(pings.length).toBe(2);
  });

  test("is not ended while its full system takes something every ten seconds", () => {
    const { pass, state, keepalive } = start({ ...slow, auto_ping_timeout: 5_000 });
    state.buffered = 12_000_000;
    pass(30_000);
    for (let count = 0; count < 10; count++) {
      pass(10_000);
      state.buffered -= 400_000;
      keepalive.noteDrained();
    }
    expect(state.expired).toBe(0);
    pass(16_000 + 5_000);
    expect(state.expired).toBe(1);
  });

  test("is ended when it takes nothing, though octets wait for it", () => {
    const { pass, state } = start(slow);
    state.buffered = 12_000_000;
    pass(60_000);
    expect(state.expired).toBe(1);
  });
});

describe("a time for the answer longer than the interval", () => {
  test.each([{}, onlyPongs])("does not put the next ping off: %p", (changes) => {
    const { pass, pings, keepalive } = start({ ...changes, auto_ping_timeout: 5000 });
    for (let count = 1; count <= 4; count++) {
      pass(1000);
      expect(pings.length).toBe(count);
      pass(100);
      keepalive.notePong(Buffer.from(pings.at(-1) ?? ""));
    }
  });
});

test.each([
  [0, 4],
  [21, 21],
  [125, 125],
  [126, 125],
])("auto_ping_size %d makes payloads of %d digits, none twice", (size, octets) => {
  const { pass, pings } = start({ auto_ping_size: size, auto_ping_timeout: 0 });
  pass(300_000);
  expect(pings[0]).toBe("1".padStart(octets, "0"));
  expect(pings.every((payload) => /^\d+$/.test(payload) && payload.length === octets)).toBe(true);
  expect(new Set(pings).size).toBe(300);
});

test("the time from a ping to its pong is counted once, whatever comes between them", () => {
  const { pass, keepalive } = start();
  const before = pingTimes.figures();
  pass(1000);
  keepalive.noteTraffic();
  pass(40);
  keepalive.notePong(SECOND);
  keepalive.notePong(FIRST);
  keepalive.notePong(FIRST);
  const { counts, sum } = pingTimes.figures();
  const number = (all: number[]) => all.reduce((one, other) => one + other);
  expect(number(counts) - number(before.counts)).toBe(1);
  expect(sum - before.sum).toBeCloseTo(0.04);
});
