/** `stats` of a realm: the counts of sessions, published as `wamp.session.on_stats`. */

import { describe, expect, test } from "bun:test";
import type { StatsConfig } from "#config/realm/realm-config.ts";
import { LEAST_INTERVAL_MS, type PublishedStats, SessionStats } from "#router/session-stats.ts";
import { MessageType as M } from "#wamp/message-type.ts";
import { fakeTime } from "../../support/fake-time.ts";
import { quiet } from "../../support/quiet-context.ts";
import {
  ask,
  everything,
  type JoinedPeer,
  openRouter,
  type RealmParts,
} from "../../support/router-harness.ts";

const roles = [{ name: "anonymous", permissions: [everything] }];
const never: StatsConfig = {
  rated_message_size: 512,
  trigger_after_rated_messages: 0,
  trigger_after_duration: 0,
  trigger_on_join: false,
  trigger_on_leave: false,
};

async function watchedRealm(stats: Partial<StatsConfig>, parts: RealmParts = {}) {
  const router = openRouter(roles, quiet, { stats: { ...never, ...stats }, ...parts });
  const watcher = await router.join({ serializer: "cbor" });
  await ask(watcher, [M.SUBSCRIBE, 1, {}, "wamp.session.on_stats"]);
  return { ...router, watcher };
}

/** The events that a watcher has, and takes them: those of one session. */
function eventsOf(watcher: JoinedPeer, { id }: JoinedPeer): PublishedStats[] {
  const args = watcher.take().map((message) => message[4] as [{ session: number }, PublishedStats]);
  return args.filter(([{ session }]) => session === id).map(([, stats]) => stats);
}

describe("the counts of a session are published", () => {
  test("when it joins and leaves, with its identity", async () => {
    const { watcher, join } = await watchedRealm({ trigger_on_join: true, trigger_on_leave: true });
    const peer = await join();
    const [, , , , [session, first] = []] = watcher.take()[0] as [0, 0, 0, 0, unknown[]];
    expect(session).toEqual({
      realm: "realm1",
      session: peer.id,
      authid: expect.any(String),
      authrole: "anonymous",
    });
    expect(first).toEqual({
      cycle: 1,
      serializer: "json",
      timestamp: expect.any(BigInt),
      duration: expect.any(Number),
      bytes: 0,
      messages: 0,
      rated_messages: 0,
      first: true,
      last: false,
    });
    const sent = JSON.stringify([M.PUBLISH, 1, { acknowledge: true }, "a.b"]).length;
    await ask(peer, [M.PUBLISH, 1, { acknowledge: true }, "a.b"]);
    const received = (peer.wire.at(-1) as string).length;
    peer.says([M.GOODBYE, {}, "wamp.close.normal"]);
    expect(eventsOf(watcher, peer)).toEqual([
      expect.objectContaining({
        cycle: 2,
        bytes: sent + received,
        messages: 2,
        rated_messages: 2,
        first: false,
        last: true,
      }),
    ]);
  });

  test("when it is lost, once", async () => {
    const { watcher, join } = await watchedRealm({ trigger_on_leave: true });
    const peer = await join();
    peer.disconnect();
    const [stats, ...others] = eventsOf(watcher, peer);
    expect([stats, others]).toEqual([expect.objectContaining({ first: true, last: true }), []]);
  });

  test("not where the realm has no meta API", async () => {
    const { watcher, join } = await watchedRealm(
      { trigger_on_join: true },
      { options: { enable_meta_api: false } },
    );
    expect(eventsOf(watcher, await join())).toEqual([]);
  });
});

/** What is published while messages of these octets are counted, a millisecond each. */
async function published(config: Partial<StatsConfig>, octets: number[]) {
  const pass = fakeTime();
  const found: PublishedStats[] = [];
  const stats = new SessionStats({ ...never, ...config }, "cbor", (one) => found.push(one));
  for (const count of octets) {
    pass(1);
    stats.count(count);
    await Promise.resolve();
  }
  return found.map(({ messages, rated_messages, bytes }) => [messages, rated_messages, bytes]);
}

describe("a count is published", () => {
  test("after enough messages, of which a long one counts as several", async () => {
    const config = { rated_message_size: 100, trigger_after_rated_messages: 250 };
    const octets = Array.from({ length: 200 }, (_, index) => (index % 2 === 0 ? 150 : 1));
    expect(await published(config, octets)).toEqual([[167, 251, 12_683]]);
  });

  test("after its time, with the next message", async () => {
    const ms = 1_000_000;
    const config = { trigger_after_duration: 150 * ms };
    const octets = Array.from({ length: 310 }, () => 10);
    expect(await published(config, octets)).toEqual([
      [150, 150, 1_500],
      [150, 150, 1_500],
    ]);
  });

  test("no more often than ten times a second", async () => {
    const config = { trigger_after_rated_messages: 1 };
    const octets = Array.from({ length: 2 * LEAST_INTERVAL_MS + 50 }, () => 10);
    expect(await published(config, octets)).toEqual([
      [100, 100, 1_000],
      [100, 100, 1_000],
    ]);
  });

  test("not behind that of the end", async () => {
    const pass = fakeTime();
    const found: boolean[] = [];
    const config = { ...never, trigger_after_rated_messages: 1, trigger_on_leave: true };
    const stats = new SessionStats(config, "json", ({ last }) => found.push(last));
    pass(LEAST_INTERVAL_MS);
    stats.count(1);
    stats.end();
    await Promise.resolve();
    expect(found).toEqual([true]);
  });

  test("never without a trigger", async () => {
    expect(await published({}, [10, 1e6])).toEqual([]);
  });
});
