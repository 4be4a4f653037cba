import { describe, expect, test } from "bun:test";
import type { KeepaliveOptions } from "#config/node-config.ts";
import { Keepalive } from "#transport/endpoint/keepalive.ts";
import { fakeTime } from "../../../support/fake-time.ts";

const options: KeepaliveOptions = {
  auto_ping_interval: 1000,
  auto_ping_timeout: 300,
  auto_ping_size: 4,
  auto_ping_restart_on_any_traffic: true,
};
const onlyPongs = { auto_ping_restart_on_any_traffic: false };
const FIRST = Buffer.from("00000001", "hex");
const SECOND = Buffer.from("00000002", "hex");

/** Keepalive of a connection under a clock that the test moves. */
function start(changes: Partial<KeepaliveOptions> = {}) {
  const pass = fakeTime();
  const pings: string[] = [];
  const state = { isPaused: false, expired: 0 };
  const keepalive = new Keepalive(
    { ...options, ...changes },
    {
      ping: (payload) => void pings.push(Buffer.from(payload).toString("hex")),
      isPaused: () => state.isPaused,
      onPingTimeout: () => void state.expired++,
    },
  );
  return { pass, pings, state, keepalive };
}

describe("a quiet connection", () => {
  test("is pinged after the interval, and ended after the timeout", () => {
    const { pass, pings, state } = start();
    pass(999);
    expect(pings).toEqual([]);
    pass(1);
    expect(pings).toEqual(["00000001"]);
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
    expect([pings, state.expired]).toEqual([["00000001", "00000002"], 0]);
  });

  test("is pinged at the interval where only pongs count, whatever else it sends", () => {
    const { pass, pings, keepalive } = start(onlyPongs);
    pass(900);
    keepalive.noteTraffic();
    pass(100);
    keepalive.notePong(FIRST);
    pass(1000);
    expect(pings).toEqual(["00000001", "00000002"]);
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
  test("is not ended, and has its whole time again once it is read", () => {
    const { pass, state, keepalive } = start();
    pass(1000);
    state.isPaused = true;
    pass(450);
    state.isPaused = false;
    keepalive.noteResumed();
    pass(299);
    expect(state.expired).toBe(0);
    pass(1);
    expect(state.expired).toBe(1);
  });

  test("is not ended however long it is not read", () => {
    const { pass, state } = start();
    state.isPaused = true;
    pass(1_000_000);
    expect(state.expired).toBe(0);
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

test.each([
  [0, 4],
  [21, 21],
  [125, 125],
  [126, 125],
])("auto_ping_size %d makes a payload of %d octets that begins with a counter", (size, octets) => {
  const { pass, pings } = start({ auto_ping_size: size });
  pass(1000);
  expect(pings).toEqual(["00000001".padEnd(2 * octets, "0")]);
});
