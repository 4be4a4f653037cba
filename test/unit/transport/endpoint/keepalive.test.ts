import { afterEach, beforeEach, expect, jest, test } from "bun:test";
import type { KeepaliveOptions } from "#config/node-config.ts";
import { Keepalive, type KeepaliveTarget } from "#transport/endpoint/keepalive.ts";
import { noPings } from "../../../support/no-pings.ts";

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

/** A socket without a descriptor, so that drains alone show what is delivered. */
const socket = {
  write: () => 0,
  shutdown() {},
  end() {},
  terminate() {},
  pause() {},
  resume() {},
};

/** A connection that keeps its pings, and when they were sent. */
class Connection implements KeepaliveTarget {
  bufferedOctets = 0;
  isReading = true;
  /** When the connection was cut off. */
  cutOffAt: number | null = null;
  readonly pings: { at: number; payload: string }[] = [];
  readonly keepalive: Keepalive;
  readonly #startedAt = performance.now();

  constructor(options: Partial<KeepaliveOptions>) {
    this.keepalive = new Keepalive({ ...noPings, ...options }, this, socket);
  }

  get now(): number {
    return performance.now() - this.#startedAt;
  }

  ping(payload: Uint8Array): void {
    this.pings.push({ at: this.now, payload: Buffer.from(payload).toString("latin1") });
  }

  isPaused(): boolean {
    return !this.isReading;
  }

  onPingTimeout(): void {
    this.cutOffAt = this.now;
    this.keepalive.stop();
  }

  /** The answer to the last ping. */
  answer(): void {
    this.keepalive.notePong(Buffer.from(this.pings.at(-1)?.payload ?? ""));
  }

  times(): number[] {
    return this.pings.map(({ at }) => at);
  }
}

test("pings an interval after each answer, whatever the time for the answer", () => {
  for (const auto_ping_restart_on_any_traffic of [true, false]) {
    const connection = new Connection({
      auto_ping_interval: 2000,
      auto_ping_timeout: 5000,
      auto_ping_restart_on_any_traffic,
    });
    for (let pings = 1; pings <= 4; pings++) {
      jest.advanceTimersByTime(2000);
      expect(connection.pings.length).toBe(pings);
      jest.advanceTimersByTime(100);
      connection.answer();
    }
    expect(connection.times()).toEqual([2000, 4100, 6200, 8300]);
  }
});

test("sends no ping while one is not answered, and cuts off after the timeout", () => {
  const connection = new Connection({ auto_ping_interval: 2000, auto_ping_timeout: 5000 });
  jest.advanceTimersByTime(20_000);
  expect(connection.times()).toEqual([2000]);
  expect(connection.cutOffAt).toBe(7000);
});

test("takes any octets for the answer, unless pongs alone count", () => {
  const anyTraffic = new Connection({ auto_ping_interval: 2000, auto_ping_timeout: 5000 });
  const pongsAlone = new Connection({
    auto_ping_interval: 2000,
    auto_ping_timeout: 5000,
    auto_ping_restart_on_any_traffic: false,
  });
  jest.advanceTimersByTime(3000);
  anyTraffic.keepalive.noteTraffic();
  pongsAlone.keepalive.noteTraffic();
  jest.advanceTimersByTime(4000);
  expect([anyTraffic.cutOffAt, pongsAlone.cutOffAt]).toEqual([null, 7000]);
  expect(anyTraffic.times()).toEqual([2000, 5000]);
});

test("gives a client the time for its answer from when it has read what was before the ping", () => {
  const connection = new Connection({ auto_ping_interval: 30_000, auto_ping_timeout: 30_000 });
  connection.bufferedOctets = 12_000_000;
  for (let at = 0; at < 200_000; at += 25_000) {
    jest.advanceTimersByTime(25_000);
    connection.bufferedOctets -= 1_500_000;
    connection.keepalive.noteDrained();
  }
  expect([connection.bufferedOctets, connection.cutOffAt]).toEqual([0, null]);
  connection.answer();
  jest.advanceTimersByTime(30_000);
  expect(connection.times().length).toBe(2);
});

test("cuts off a client that takes nothing, though octets wait for it", () => {
  const connection = new Connection({ auto_ping_interval: 30_000, auto_ping_timeout: 30_000 });
  connection.bufferedOctets = 12_000_000;
  jest.advanceTimersByTime(60_000);
  expect(connection.cutOffAt).toBe(60_000);
});

test("waits for a client that is not read", () => {
  const connection = new Connection({ auto_ping_interval: 2000, auto_ping_timeout: 5000 });
  connection.isReading = false;
  jest.advanceTimersByTime(60_000);
  expect(connection.cutOffAt).toBeNull();
  connection.isReading = true;
  connection.keepalive.noteResumed();
  jest.advanceTimersByTime(4000);
  expect(connection.cutOffAt).toBeNull();
  jest.advanceTimersByTime(5000);
  expect(connection.cutOffAt).toBeLessThanOrEqual(67_000);
});

test("goes on pinging where there is no time for the answer", () => {
  const connection = new Connection({ auto_ping_interval: 2000 });
  jest.advanceTimersByTime(6000);
  expect(connection.times()).toEqual([2000, 4000, 6000]);
});

test("sends payloads of ASCII of the configured size, none twice", () => {
  const connection = new Connection({ auto_ping_interval: 1000, auto_ping_size: 12 });
  jest.advanceTimersByTime(300_000);
  const payloads = connection.pings.map(({ payload }) => payload);
  expect(payloads.every((payload) => /^\d{12}$/.test(payload))).toBe(true);
  expect(new Set(payloads).size).toBe(300);
  expect(payloads.slice(0, 2)).toEqual(["000000000001", "000000000002"]);
});
