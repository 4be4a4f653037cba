import { describe, expect, test } from "bun:test";
import { outgoingMemory } from "#base/outgoing-memory.ts";
import { BackPressure, type Side } from "#proxy/relay/back-pressure.ts";
import { afterTest } from "../../../support/cleanups.ts";
import { FakePeer } from "../../../support/fake-peer.ts";
import { fakeTime } from "../../../support/fake-time.ts";

/** Back-pressure of messages for the router, with 1000 octets and 100 ms. */
function pressure(stall_timeout = 100, side: Side = "router") {
  const wait = fakeTime();
  const [from, to] = [new FakePeer(), new FakePeer()];
  const stalled: Side[] = [];
  const options = { max_buffered: 1000, stall_timeout, max_outgoing: 2 ** 30 };
  const observer = { onStalled: (one: Side) => void stalled.push(one) };
  const made = new BackPressure(from, to, options, { side, observer });
  /** So many octets were sent, and so many wait. */
  const behind = (octets: number, waiting: number) => {
    to.bufferedOctets = waiting;
    made.behind(octets);
  };
  return { from, to, stalled, wait, behind, of: made };
}

describe("a sender", () => {
  test("is not read beyond twice max_buffered, until its receiver caught up", () => {
    const { from, behind, of } = pressure();
    behind(1001, 1001);
    behind(999, 2000);
    expect(from.paused).toBe(false);
    behind(1, 2001);
    expect(from.paused).toBe(true);
    of.drained();
    expect(from.paused).toBe(false);
  });

  test("is not read as soon as a client is behind while much waits for all clients", () => {
    outgoingMemory.reserve(2 ** 30);
    afterTest(() => outgoingMemory.reserve(-(2 ** 30)));
    const { from, behind, of } = pressure(100, "client");
    behind(1001, 1001);
    expect(from.paused).toBe(true);
    of.drained();
    expect(from.paused).toBe(false);
    const towardsRouter = pressure();
    towardsRouter.behind(1001, 1001);
    expect(towardsRouter.from.paused).toBe(false);
  });

  test("is not read while its message is in another thread", () => {
    const { from, of } = pressure();
    of.hold();
    expect(from.paused).toBe(true);
    of.drained();
    of.senderDrained();
    expect(from.paused).toBe(true);
    of.release();
    expect(from.paused).toBe(false);
  });

  test("is not read while more than twice max_buffered of answers wait for it", () => {
    const { from, of } = pressure();
    from.bufferedOctets = 2000;
    of.senderBehind(2000);
    expect(from.paused).toBe(false);
    from.bufferedOctets = 2001;
    of.senderBehind(1);
    expect(from.paused).toBe(true);
    of.drained();
    of.release();
    expect(from.paused).toBe(true);
    of.senderDrained();
    expect(from.paused).toBe(false);
  });

  test("is read again when the last reason is gone, whichever it is", () => {
    const { from, behind, of } = pressure();
    const resumed: string[] = [];
    from.resume = () => void resumed.push("resume");
    behind(3000, 3000);
    of.hold();
    of.drained();
    of.drained();
    expect(resumed).toEqual([]);
    of.release();
    of.release();
    expect(resumed).toEqual(["resume"]);
  });

  test("is read again at the end of the session", () => {
    const { from, behind, of } = pressure();
    from.bufferedOctets = 3000;
    behind(3000, 3000);
    of.senderBehind(3000);
    of.hold();
    expect(of.isStopped).toBe(false);
    of.stop();
    expect([of.isStopped, from.paused]).toEqual([true, false]);
  });
});

describe("a receiver", () => {
  test("is stalled that takes less than half of max_buffered in time", () => {
    const { to, stalled, wait, behind } = pressure();
    behind(1500, 1500);
    to.bufferedOctets = 1001;
    wait(99);
    expect(stalled).toEqual([]);
    wait(1);
    expect(stalled).toEqual(["router"]);
    wait(1000);
    expect(stalled).toEqual(["router"]);
  });

  test("is not stalled that takes half of it each time, however much is sent to it", () => {
    const { to, stalled, wait, behind } = pressure();
    behind(1500, 1500);
    wait(50);
    // Took 500 of 1500 + 600 octets; the time that is left does not change.
    behind(600, 1600);
    wait(50);
    to.bufferedOctets = 1100;
    wait(99);
    expect(stalled).toEqual([]);
    wait(1);
    to.bufferedOctets = 601;
    expect(stalled).toEqual([]);
    wait(100);
    expect(stalled).toEqual(["router"]);
  });

  test.each<[string, (of: BackPressure) => void]>([
    ["has caught up", (of) => of.drained()],
    ["is of a session that is over", (of) => of.stop()],
  ])("is not stalled that %s", (_, change) => {
    const { of, stalled, wait, behind } = pressure();
    behind(1500, 1500);
    change(of);
    wait(1000);
    expect(stalled).toEqual([]);
  });

  test("is stalled when it falls behind for the second time", () => {
    const { of, stalled, wait, behind } = pressure();
    behind(1500, 1500);
    of.drained();
    behind(1500, 1500);
    wait(100);
    expect(stalled).toEqual(["router"]);
  });

  test("may take any time without a stall_timeout", () => {
    const { stalled, wait, behind } = pressure(0);
    behind(1500, 1500);
    wait(1_000_000);
    expect(stalled).toEqual([]);
  });

  test.each([
    ["router", "client"],
    ["client", "router"],
  ] as const)("of answers: of messages for the %s it is the %s", (side, other) => {
    const { from, of, stalled, wait } = pressure(100, side);
    from.bufferedOctets = 1500;
    of.senderBehind(1500);
    wait(100);
    expect(stalled).toEqual([other]);
  });
});
