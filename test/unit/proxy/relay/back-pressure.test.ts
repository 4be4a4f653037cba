import { describe, expect, test } from "bun:test";
import { BackPressure } from "#proxy/relay/back-pressure.ts";
import { FakePeer } from "../../../support/fake-peer.ts";

function pressure(stall_timeout: number) {
  const from = new FakePeer();
  const to = new FakePeer();
  const stalled = Promise.withResolvers<void>();
  const options = { max_buffered: 1000, stall_timeout };
  return {
    from,
    to,
    stalled,
    of: new BackPressure(from, to, options, {
      side: "router",
      observer: { onStalled: () => stalled.resolve() },
    }),
  };
}

describe("back-pressure", () => {
  test("stops reading at twice max_buffered and goes on when the other side caught up", () => {
    const { from, to, of } = pressure(0);
    to.bufferedOctets = 1001;
    of.behind(1001);
    expect(from.paused).toBe(false);
    to.bufferedOctets = 2001;
    of.behind(1000);
    expect(from.paused).toBe(true);
    of.drained();
    expect(from.paused).toBe(false);
  });

  test("tells of a side that takes nothing", async () => {
    const { to, of, stalled } = pressure(1);
    to.bufferedOctets = 1500;
    of.behind(1500);
    await stalled.promise;
  });

  test("waits for a side that takes something, however much is sent to it", async () => {
    const { to, of, stalled } = pressure(5);
    to.bufferedOctets = 1500;
    of.behind(1500);
    // Sent 600 and taken 600 within the first period, nothing in the second.
    of.behind(600);
    const first = await Promise.race([stalled.promise.then(() => "stalled"), after(7)]);
    expect(first).toBe("waiting");
    await stalled.promise;
  });

  test("is quiet about a side that caught up", async () => {
    const { to, of, stalled } = pressure(2);
    to.bufferedOctets = 1500;
    of.behind(1500);
    of.drained();
    expect(await Promise.race([stalled.promise.then(() => "stalled"), after(6)])).toBe("waiting");
  });
});

/** Long enough for the clock under test, which was started before. */
function after(milliseconds: number): Promise<string> {
  return new Promise((resolve) => setTimeout(() => resolve("waiting"), milliseconds));
}
