/** Events of a realm that several routers have. */

import { describe, expect, test } from "bun:test";
import { MessageType as M } from "#wamp/message-type.ts";
import { openMember } from "../../support/cluster-harness.ts";
import { LoopbackHub } from "../../support/loopback-engine.ts";
import { ask, type JoinedPeer } from "../../support/router-harness.ts";

async function openPair() {
  const hub = new LoopbackHub();
  const [one, other] = [await openMember(hub), await openMember(hub)];
  return { hub, one, other };
}

let lastRequest = 0;

async function subscribe(peer: JoinedPeer, topic: string, options = {}): Promise<unknown> {
  const [type, , id] = await ask(peer, [M.SUBSCRIBE, ++lastRequest, options, topic]);
  expect(type).toBe(M.SUBSCRIBED);
  return id;
}

const publish = (peer: JoinedPeer, topic: string, options: object, ...args: unknown[]) =>
  peer.says([M.PUBLISH, ++lastRequest, options, topic, args]);

describe("an event reaches the subscribers of another router", () => {
  test.each([
    ["exact", "com.a.b", "com.a.b"],
    ["prefix", "com.a", "com.ab.c"],
    ["prefix", "c", "com.a"],
    ["prefix", "com.a.", "com.a.b"],
    ["wildcard", "com..b", "com.x.b"],
    ["wildcard", "com.a.", "com.a.x"],
    ["exact", "com.a*b.>.=c", "com.a*b.>.=c"],
    ["prefix", "com.*", "com.*.x"],
    ["wildcard", "com..*", "com.y.*"],
    ["exact", "com.schlüssel.\u{1f511}", "com.schlüssel.\u{1f511}"],
  ])("%s %s: %s", async (match, pattern, topic) => {
    const { one, other } = await openPair();
    const [publisher, subscriber] = [await one.join(), await other.join()];
    const id = await subscribe(subscriber, pattern, { match });
    publish(publisher, topic, {}, "hello");
    const details = match === "exact" ? {} : { topic };
    expect(await subscriber.next()).toEqual([M.EVENT, id, expect.any(Number), details, ["hello"]]);
  });

  test("and no others", async () => {
    const { one, other } = await openPair();
    const [publisher, subscriber] = [await one.join(), await other.join()];
    await subscribe(subscriber, "com.a", { match: "prefix" });
    await subscribe(subscriber, "com.b..d", { match: "wildcard" });
    for (const topic of ["com.b", "com.b.c", "com.b.c.d.e", "comma", "com.*.x"]) {
      publish(publisher, topic, {});
    }
    publish(publisher, "com.a", {}, "last");
    expect((await subscriber.next())[4]).toEqual(["last"]);
  });

  test("once for each of its subscriptions, however many patterns match", async () => {
    const { one, other } = await openPair();
    const [publisher, subscriber] = [await one.join(), await other.join()];
    const ids = [
      await subscribe(subscriber, "com.a.b"),
      await subscribe(subscriber, "com.", { match: "prefix" }),
      await subscribe(subscriber, "com..b", { match: "wildcard" }),
    ];
    publish(publisher, "com.a.b", {}, 1);
    publish(publisher, "com.a.b", {}, 2);
    const events = [];
    while (events.length < 6) events.push(await subscriber.next());
    for (const id of ids) {
      const own = events.filter((event) => event[1] === id);
      expect(own.map((event) => event[4])).toEqual([[1], [2]]);
    }
  });

  test("in the order of the publisher, in the serializers of both", async () => {
    const { one, other } = await openPair();
    const publisher = await one.join({ serializer: "msgpack" });
    const subscriber = await other.join({ serializer: "json" });
    await subscribe(subscriber, "com.a");
    for (let n = 0; n < 100; n++) publish(publisher, "com.a", {}, n);
    for (let n = 0; n < 100; n++) expect((await subscriber.next())[4]).toEqual([n]);
  });
});

describe("the options of a publication mean the same for another router", () => {
  test("lists of receivers, and the publisher itself", async () => {
    const { one, other } = await openPair();
    const publisher = await one.join();
    const [first, second] = [await other.join(), await other.join()];
    for (const peer of [publisher, first, second]) await subscribe(peer, "com.a");
    publish(publisher, "com.a", { exclude: [first.id] }, "not to first");
    publish(publisher, "com.a", { eligible: [first.id] }, "to first");
    publish(publisher, "com.a", { eligible_authrole: ["nobody"] }, "to nobody");
    publish(publisher, "com.a", { exclude_authrole: ["user"] }, "to nobody");
    publish(publisher, "com.a", { exclude_me: false }, "to all");
    const argsOf = async (peer: JoinedPeer) => (await peer.next())[4];
    expect([await argsOf(first), await argsOf(first)]).toEqual([["to first"], ["to all"]]);
    expect([await argsOf(second), await argsOf(second)]).toEqual([["not to first"], ["to all"]]);
    expect(await argsOf(publisher)).toEqual(["to all"]);
    for (const peer of [publisher, first, second]) expect(peer.take()).toEqual([]);
  });

  test("disclosure, and payloads that only applications read", async () => {
    const { one, other } = await openPair();
    const passthru = { features: { payload_passthru_mode: true } };
    const publisher = await one.join({ roles: { publisher: passthru } });
    const subscriber = await other.join();
    await subscribe(subscriber, "com.a");
    publish(publisher, "com.a", { disclose_me: true, ppt_scheme: "x_a" }, 1);
    expect((await subscriber.next())[3]).toEqual({
      publisher: publisher.id,
      publisher_authid: expect.any(String),
      publisher_authrole: "user",
      ppt_scheme: "x_a",
    });
  });

  test("acknowledge", async () => {
    const { one, other } = await openPair();
    const [publisher, subscriber] = [await one.join(), await other.join()];
    await subscribe(subscriber, "com.a");
    const answer = await ask(publisher, [M.PUBLISH, 7, { acknowledge: true }, "com.a"]);
    expect(answer).toEqual([M.PUBLISHED, 7, expect.any(Number)]);
    expect((await subscriber.next())[2]).toBe(answer[2]);
  });

  test("retain, also for routers that come later", async () => {
    const { hub, one, other } = await openPair();
    const [publisher, late] = [await one.join(), await other.join()];
    for (const n of [1, 2]) {
      await ask(publisher, [M.PUBLISH, n, { retain: true, acknowledge: true }, "com.a", [n]]);
    }
    await subscribe(late, "com.a", { get_retained: true });
    expect((await late.next()).slice(3)).toEqual([{ retained: true }, [2]]);
    const third = await openMember(hub);
    await third.engine.flush();
    await third.engine.flush();
    const later = await third.join();
    await subscribe(later, "com.", { match: "prefix", get_retained: true });
    expect((await later.next()).slice(3)).toEqual([{ topic: "com.a", retained: true }, [2]]);
  });

  test("retain, also for routers that come later at the same time", async () => {
    const { hub, one } = await openPair();
    const publisher = await one.join();
    const options = { retain: true, acknowledge: true };
    await ask(publisher, [M.PUBLISH, 1, options, "com.a", ["kept"]]);
    await Bun.sleep(2);
    const members = await Promise.all(Array.from({ length: 6 }, () => openMember(hub)));
    for (let n = 0; n < 3; n++) for (const { engine } of members) await engine.flush();
    for (const member of members) {
      const peer = await member.join();
      await subscribe(peer, "com.a", { get_retained: true });
      expect((await peer.next()).slice(3)).toEqual([{ retained: true }, ["kept"]]);
    }
  });

  test("history is kept by each router", async () => {
    const hub = new LoopbackHub();
    const history = [{ uri: "com.a", match: "exact" as const, limit: 10 }];
    const [one, other] = [await openMember(hub, { history }), await openMember(hub, { history })];
    const [publisher, reader] = [await one.join(), await other.join()];
    await ask(publisher, [M.PUBLISH, 1, { acknowledge: true }, "com.a", ["kept"]]);
    const lookup = await ask(reader, [M.CALL, 1, {}, "wamp.subscription.lookup", ["com.a"]]);
    const [subscription] = lookup[3] as unknown[];
    const answer = await ask(reader, [
      M.CALL,
      2,
      {},
      "wamp.subscription.get_events",
      [subscription],
    ]);
    expect(answer[3]).toEqual([[expect.objectContaining({ args: ["kept"] })]]);
  });
});

describe("a router", () => {
  test("is sent only what somebody has subscribed to", async () => {
    const { hub, one, other } = await openPair();
    const [publisher, subscriber] = [await one.join(), await other.join()];
    const open = () => [...hub.subscriptions].filter(({ pattern }) => pattern.includes("e")).length;
    expect(open()).toBe(0);
    const id = await subscribe(subscriber, "com.a");
    expect(open()).toBe(1);
    await subscribe(await other.join(), "com.a");
    expect(open()).toBe(1);
    await ask(subscriber, [M.UNSUBSCRIBE, 9, id]);
    expect(open()).toBe(1);
    publish(publisher, "com.b", {});
    expect(hub.published.filter((subject) => subject.endsWith(".e.com.b"))).toHaveLength(1);
  });

  test("subscribes no more when its last subscriber has left", async () => {
    const { hub, other } = await openPair();
    const subscriber = await other.join();
    await subscribe(subscriber, "com.a");
    subscriber.disconnect();
    expect([...hub.subscriptions].filter(({ pattern }) => pattern.includes("e"))).toEqual([]);
  });

  test("subscribes once more for a SUBSCRIBE that waited while it subscribed no more", async () => {
    const { one, other } = await openPair();
    const [publisher, subscriber] = [await one.join(), await other.join()];
    const leaving = await other.join();
    const id = await subscribe(leaving, "com.a");
    // It waits for the REGISTER before it, which waits for the table.
    subscriber.says([M.REGISTER, 1, {}, "com.p"]);
    subscriber.says([M.SUBSCRIBE, 2, {}, "com.a"]);
    leaving.says([M.UNSUBSCRIBE, 9, id]);
    expect((await subscriber.next())[0]).toBe(M.REGISTERED);
    expect((await subscriber.next())[0]).toBe(M.SUBSCRIBED);
    await other.engine.flush();
    publish(publisher, "com.a", {}, "heard");
    expect((await subscriber.next())[4]).toEqual(["heard"]);
  });

  test("sends and gets events again after the engine was away, and serves its clients meanwhile", async () => {
    const { one, other } = await openPair();
    const [publisher, near, far] = [await one.join(), await one.join(), await other.join()];
    await subscribe(near, "com.a");
    await subscribe(far, "com.a");
    one.engine.cut();
    publish(publisher, "com.a", {}, "apart");
    expect((await near.next())[4]).toEqual(["apart"]);
    one.engine.mend();
    publish(publisher, "com.a", {}, "together");
    expect((await near.next())[4]).toEqual(["together"]);
    expect((await far.next())[4]).toEqual(["together"]);
  });

  test("may refuse the requests of its clients while the engine is away", async () => {
    const hub = new LoopbackHub();
    const one = await openMember(hub, { cluster: { when_apart: "refuse" } });
    const peer = await one.join();
    one.engine.cut();
    for (const message of [
      [M.PUBLISH, 1, { acknowledge: true }, "com.a"],
      [M.SUBSCRIBE, 1, {}, "com.a"],
      [M.CALL, 1, {}, "com.a"],
      [M.REGISTER, 1, {}, "com.a"],
    ]) {
      const error = [M.ERROR, message[0], 1, {}, "wamp.error.unavailable"];
      expect(await ask(peer, message)).toEqual([...error, [expect.stringContaining("the hub")]]);
    }
    one.engine.mend();
    const answer = await ask(peer, [M.PUBLISH, 2, { acknowledge: true }, "com.a"]);
    expect(answer[0]).toBe(M.PUBLISHED);
  });

  test("refuses topics that are too long for the engine", async () => {
    const { one } = await openPair();
    const peer = await one.join();
    const topic = "a".repeat(3_001);
    const answers = [
      await ask(peer, [M.SUBSCRIBE, 1, {}, topic]),
      await ask(peer, [M.PUBLISH, 2, { acknowledge: true }, topic]),
    ];
    for (const answer of answers) expect(answer[4]).toBe("wamp.error.invalid_uri");
  });
});
