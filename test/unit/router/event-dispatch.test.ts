/** Events for many subscribers: sent in chunks, in order, and never more of them than there is room for. */

import { describe, expect, test } from "bun:test";
import { EventDispatch } from "#router/event-dispatch.ts";
import { Incoming } from "#router/incoming.ts";
import { publicationOf } from "#router/publication.ts";
import type { RealmSession } from "#router/realm-session.ts";
import { readRequest } from "#router/requests.ts";
import { MessageType as M } from "#wamp/message-type.ts";
import { encodeMessage } from "#wamp/serializer/message-values.ts";
import { quiet } from "../../support/quiet-context.ts";
import {
  ask,
  everything,
  type JoinedPeer,
  type JoinOptions,
  openRouter,
} from "../../support/router-harness.ts";

const roles = [{ name: "anonymous", permissions: [everything] }];

/** The next turn of the event loop is over. */
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A realm in whose turns two subscribers are sent an event, a publisher, and five subscribers of `a.b`. */
async function fiveSubscribers(options: JoinOptions = {}) {
  const router = openRouter(roles, quiet, { options: { event_dispatching_chunk_size: 2 } });
  const publisher = await router.join();
  const subscribers: JoinedPeer[] = [];
  for (let i = 0; i < 5; i++) {
    const subscriber = await router.join(i < 3 ? {} : options);
    await ask(subscriber, [M.SUBSCRIBE, 1, {}, "a.b"]);
    subscribers.push(subscriber);
  }
  return { ...router, publisher, subscribers };
}

/** How many events each of them has, and takes them. */
const counts = (peers: JoinedPeer[]) =>
  peers.map((peer) => peer.take().filter(([type]) => type === M.EVENT).length);

/** The values of the events that a peer has, and takes them. */
const values = (peer: JoinedPeer) =>
  peer.take().flatMap(([type, , , , args]) => (type === M.EVENT ? (args as unknown[]) : []));

describe("an event with more subscribers than a chunk has", () => {
  test("is sent to a chunk of them in each turn", async () => {
    const { publisher, subscribers } = await fiveSubscribers();
    publisher.says([M.PUBLISH, 1, {}, "a.b", [1]]);
    expect(counts(subscribers)).toEqual([1, 1, 0, 0, 0]);
    await turn();
    expect(counts(subscribers)).toEqual([0, 0, 1, 1, 0]);
    await turn();
    expect(counts(subscribers)).toEqual([0, 0, 0, 0, 1]);
  });

  test("is sent at once with no more of them", async () => {
    const { publisher, subscribers, join } = await fiveSubscribers();
    await ask(publisher, [M.SUBSCRIBE, 1, {}, "a.c"]);
    await ask(await join(), [M.SUBSCRIBE, 1, {}, "a.c"]);
    publisher.says([M.PUBLISH, 1, { exclude_me: false }, "a.c", [1]]);
    expect([counts([publisher]), counts(subscribers)]).toEqual([[1], [0, 0, 0, 0, 0]]);
    expect(publisher.paused).toBe(false);
  });

  test("stays before later ones for the same subscriber, on whatever topic and of whatever publisher", async () => {
    const { publisher, subscribers, join } = await fiveSubscribers();
    const last = subscribers[4] as JoinedPeer;
    await ask(last, [M.SUBSCRIBE, 2, { match: "prefix" }, "b."]);
    const other = await join();
    publisher.says([M.PUBLISH, 1, {}, "a.b", ["first"]]);
    other.says([M.PUBLISH, 1, {}, "b.c", ["second"]]);
    publisher.says([M.PUBLISH, 2, {}, "a.b", ["third"]]);
    for (let i = 0; i < 10; i++) await turn();
    expect(values(last)).toEqual(["first", "second", "third"]);
  });

  test("is acknowledged at once, and its publisher is not read until all have it", async () => {
    const { publisher, subscribers, join } = await fiveSubscribers();
    const other = await join();
    publisher.says([M.PUBLISH, 1, { acknowledge: true }, "a.b", [1]]);
    expect(publisher.take().map(([type]) => type)).toEqual([M.PUBLISHED]);
    other.says([M.PUBLISH, 1, {}, "a.b", [2]]);
    const states: boolean[][] = [];
    for (let i = 0; i < 6; i++) {
      states.push([publisher.paused, other.paused]);
      await turn();
    }
    expect(states).toEqual([
      [true, true],
      [true, true],
      [false, true],
      [false, true],
      [false, false],
      [false, false],
    ]);
    expect(counts(subscribers)).toEqual([2, 2, 2, 2, 2]);
  });

  test("is sent to those alone who had subscribed, and still do", async () => {
    const { publisher, subscribers, join } = await fiveSubscribers();
    const [, , left, gone, last] = subscribers;
    const later = await join();
    publisher.says([M.PUBLISH, 1, {}, "a.b", [1]]);
    await ask(later, [M.SUBSCRIBE, 1, {}, "a.b"]);
    const [, , id] = await ask(left as JoinedPeer, [M.SUBSCRIBE, 2, {}, "a.b"]);
    await ask(left as JoinedPeer, [M.UNSUBSCRIBE, 3, id]);
    gone?.disconnect();
    for (let i = 0; i < 4; i++) await turn();
    expect(counts([left, gone, last, later] as JoinedPeer[])).toEqual([0, 0, 1, 0]);
  });

  test("keeps its payload in every serializer, though its octets are gone", async () => {
    const { publisher, subscribers } = await fiveSubscribers({ serializer: "cbor" });
    const octets = encodeMessage([M.PUBLISH, 1, {}, "a.b", ["kept"]], "json");
    publisher.saysOctets(octets);
    octets.fill(0);
    await turn();
    await turn();
    expect(subscribers.map((subscriber) => values(subscriber))).toEqual(
      Array.from({ length: 5 }, () => ["kept"]),
    );
  });

  test("is left out for those alone who do not take so long a message", async () => {
    const { publisher, subscribers } = await fiveSubscribers({ maxSendOctets: 100 });
    publisher.says([M.PUBLISH, 1, {}, "a.b", ["x".repeat(100)]]);
    await turn();
    await turn();
    expect(counts(subscribers)).toEqual([1, 1, 1, 0, 0]);
  });

  test("does not keep a publisher that leaves", async () => {
    const { publisher, subscribers } = await fiveSubscribers();
    publisher.says([M.PUBLISH, 1, {}, "a.b", [1]]);
    publisher.says([M.GOODBYE, {}, "wamp.close.normal"]);
    expect(publisher.take().map(([type]) => type)).toEqual([M.GOODBYE]);
    for (let i = 0; i < 4; i++) await turn();
    expect(counts(subscribers)).toEqual([1, 1, 1, 1, 1]);
    expect(publisher.paused).toBe(false);
  });
});

describe("events that wait", () => {
  test("are sent early, the first ones, where they would take too much memory", async () => {
    const { realms, subscribers, publisher } = await fiveSubscribers();
    const realm = realms.get("realm1");
    const session = realm?.sessions.get(publisher.id) as RealmSession;
    const found = realm?.broker.subscriptions.matches("a.b") ?? [];
    const dispatch = new EventDispatch(5_000);
    dispatch.chunkSize = 1;
    const publish = (value: string) => {
      const octets = encodeMessage([M.PUBLISH, 1, {}, "a.b", [value]], "json");
      const request = readRequest(Incoming.read(octets, "json"));
      if (request?.type !== M.PUBLISH) throw new Error("no PUBLISH");
      dispatch.dispatch(publicationOf(session, request, false), found, undefined);
    };
    const [a, b] = ["a".repeat(2_000), "b".repeat(2_000)];
    publish(a);
    expect(counts(subscribers)).toEqual([1, 0, 0, 0, 0]);
    publish(b);
    expect(counts(subscribers)).toEqual([0, 1, 1, 1, 1]);
    for (let i = 0; i < 6; i++) await turn();
    expect(subscribers.map((one) => values(one))).toEqual(Array.from({ length: 5 }, () => [b]));
  });
});
