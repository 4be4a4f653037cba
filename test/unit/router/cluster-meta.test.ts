/** Subscriptions and registrations in the meta API, and testaments, of a realm that several routers have. */

import { describe, expect, test } from "bun:test";
import { MessageType as M } from "#wamp/message-type.ts";
import { type Member, openMember } from "../../support/cluster-harness.ts";
import { LoopbackHub } from "../../support/loopback-engine.ts";
import { ask, type JoinedPeer } from "../../support/router-harness.ts";

const features = { registration_revocation: true, subscription_revocation: true };
const roles = { callee: { features }, subscriber: { features } };
const joinOf = (member: Member) => member.join({ roles });

async function openPair() {
  const hub = new LoopbackHub();
  const [one, other] = [await openMember(hub), await openMember(hub)];
  return { hub, one, other };
}

let last = 1_000;

async function result(peer: JoinedPeer, procedure: string, ...args: unknown[]): Promise<unknown> {
  const answer = await ask(peer, [M.CALL, ++last, {}, procedure, args]);
  return answer[0] === M.RESULT ? (answer[3] as unknown[])[0] : answer[4];
}

async function subscribe(peer: JoinedPeer, topic: string, options = {}): Promise<number> {
  return (await ask(peer, [M.SUBSCRIBE, ++last, options, topic]))[2] as number;
}

async function register(peer: JoinedPeer, uri: string, options = {}): Promise<number> {
  return (await ask(peer, [M.REGISTER, ++last, options, uri]))[2] as number;
}

/** What a router has done has reached the others. */
const told = async ({ engine }: Member) => {
  await engine.flush();
  await engine.flush();
};

/** What a router keeps for a time ends; so soon after the start it might not have been able to stay present. */
async function lose(hub: LoopbackHub, lost: Member): Promise<void> {
  lost.engine.cut();
  hub.expire(lost.engine);
  await Bun.sleep(2_050);
}

describe("the subscription meta API tells of the subscribers of all routers", () => {
  test("counts, lists and details", async () => {
    const { one, other } = await openPair();
    const [near, far] = [await joinOf(one), await joinOf(other)];
    const id = await subscribe(far, "com.a", { match: "prefix" });
    await told(other);
    expect(await result(near, "wamp.subscription.list")).toEqual({
      exact: [],
      prefix: [id],
      wildcard: [],
    });
    expect(await result(near, "wamp.subscription.lookup", "com.a", { match: "prefix" })).toBe(id);
    expect(await result(near, "wamp.subscription.match", "com.abc")).toEqual([id]);
    const details = await result(near, "wamp.subscription.get", id);
    expect(details).toEqual(await result(far, "wamp.subscription.get", id));
    expect(await result(near, "wamp.subscription.list_subscribers", id)).toEqual([far.id]);
    expect(await subscribe(near, "com.a", { match: "prefix" })).toBe(id);
    expect(await result(near, "wamp.subscription.count_subscribers", id)).toBe(2);
    expect(await result(near, "wamp.subscription.list", far.id)).toMatchObject({ prefix: [id] });
    await ask(far, [M.UNSUBSCRIBE, 5, id]);
    await told(other);
    expect(await result(near, "wamp.subscription.count_subscribers", id)).toBe(1);
    expect(await result(near, "wamp.subscription.list", far.id)).toMatchObject({ prefix: [] });
  });

  test("events of the first subscriber and of the last one", async () => {
    const { one, other } = await openPair();
    const watcher = await joinOf(one);
    const [near, far] = [await joinOf(one), await joinOf(other)];
    await subscribe(watcher, "wamp.subscription.", { match: "prefix" });
    const id = await subscribe(far, "com.a");
    await told(other);
    await subscribe(near, "com.a");
    await told(one);
    await ask(far, [M.UNSUBSCRIBE, 5, id]);
    await told(other);
    await ask(near, [M.UNSUBSCRIBE, 5, id]);
    const topics = [];
    for (let n = 0; n < 6; n++) {
      const { topic } = (await watcher.next())[3] as { topic: string };
      topics.push(topic.replace("wamp.subscription.on_", ""));
    }
    expect(topics).toEqual([
      "create",
      "subscribe",
      "subscribe",
      "unsubscribe",
      "unsubscribe",
      "delete",
    ]);
  });

  test("or says that it cannot ask the others", async () => {
    const hub = new LoopbackHub();
    const cluster = { presence_timeout: 100 };
    const [one, other] = [await openMember(hub, { cluster }), await openMember(hub, { cluster })];
    const [near, far] = [await joinOf(one), await joinOf(other)];
    const id = await subscribe(far, "com.a");
    await told(other);
    const unhandled: unknown[] = [];
    const keep = (thrown: unknown) => void unhandled.push(thrown);
    process.on("unhandledRejection", keep);
    one.engine.isFull = true;
    one.engine.reservedOctets = 0;
    const list = "wamp.subscription.list_subscribers";
    expect(await result(near, list, id)).toBe("wamp.error.unavailable");
    // What waited would be answered too late by now.
    await Bun.sleep(120);
    one.engine.isFull = false;
    process.off("unhandledRejection", keep);
    expect(unhandled).toEqual([]);
    expect(await result(near, list, id)).toEqual([far.id]);
  });

  test("and ends subscriptions", async () => {
    const { one, other } = await openPair();
    const [near, far] = [await joinOf(one), await joinOf(other)];
    const id = await subscribe(far, "com.a");
    await told(other);
    const remove = "wamp.subscription.remove_subscriber";
    expect(await result(near, remove, id, near.id)).toBe("wamp.error.no_such_subscription");
    expect(await result(near, remove, id, far.id, "com.why")).toBeNull();
    expect(await far.next()).toEqual([M.UNSUBSCRIBED, 0, { subscription: id, reason: "com.why" }]);
  });
});

describe("the registration meta API tells of the callees of all routers", () => {
  test("counts, lists and details", async () => {
    const { one, other } = await openPair();
    const [near, far] = [await joinOf(one), await joinOf(other)];
    const id = await register(far, "com.a", { invoke: "random" });
    await register(near, "com.a", { invoke: "random" });
    await told(other);
    await told(one);
    for (const peer of [near, far]) {
      expect(await result(peer, "wamp.registration.list")).toMatchObject({ exact: [id] });
      expect(await result(peer, "wamp.registration.list_callees", id)).toEqual([far.id, near.id]);
      expect(await result(peer, "wamp.registration.count_callees", id)).toBe(2);
      expect(await result(peer, "wamp.registration.match", "com.a")).toBe(id);
    }
    const details = await result(near, "wamp.registration.get", id);
    expect(details).toEqual(await result(far, "wamp.registration.get", id));
    expect(await result(near, "wamp.registration.list", far.id)).toMatchObject({ exact: [id] });
  });

  test("and ends registrations", async () => {
    const { one, other } = await openPair();
    const [near, far] = [await joinOf(one), await joinOf(other)];
    const id = await register(far, "com.a");
    await told(other);
    expect(await result(near, "wamp.registration.remove_callee", id, far.id)).toBeNull();
    expect((await far.next()).slice(0, 2)).toEqual([M.UNREGISTERED, 0]);
    await told(other);
    expect(await result(near, "wamp.registration.lookup", "com.a")).toBeNull();
  });
});

describe("when a router is lost", () => {
  test("its sessions and registrations leave, for each subscriber once, and may come back", async () => {
    const { hub, one, other } = await openPair();
    const third = await openMember(hub);
    const watchers = [await joinOf(one), await joinOf(third)];
    const far = await joinOf(other);
    const id = await register(far, "com.a");
    await told(other);
    for (const watcher of watchers) {
      await subscribe(watcher, "wamp.session.on_leave");
      await subscribe(watcher, "wamp.session.on_join");
      await subscribe(watcher, "wamp.registration.on_unregister");
    }
    await lose(hub, other);
    for (const watcher of watchers) {
      const events = [await watcher.next(), await watcher.next()].map((event) => event[4]);
      expect(events).toContainEqual([far.id, expect.any(String), "user"]);
      expect(events).toContainEqual([far.id, id]);
      expect(await result(watcher, "wamp.session.count")).toBe(2);
    }
    other.engine.mend();
    for (const watcher of watchers) {
      expect((await watcher.next())[4]).toEqual([expect.objectContaining({ session: far.id })]);
      expect(await result(watcher, "wamp.session.count")).toBe(3);
    }
  }, 10_000);

  test("its testaments are published once, by one of the others", async () => {
    const { hub, one, other } = await openPair();
    const third = await openMember(hub);
    const watchers = [await joinOf(one), await joinOf(third)];
    for (const watcher of watchers) await subscribe(watcher, "com.will");
    const far = await joinOf(other);
    const options = { disclose_me: true };
    await result(far, "wamp.session.add_testament", "com.will", ["gone"], { a: 1 }, options);
    await result(far, "wamp.session.add_testament", "com.will", ["first"], {}, {}, "detached");
    await told(other);
    await lose(hub, other);
    for (const watcher of watchers) {
      expect((await watcher.next())[4]).toEqual(["first"]);
      expect((await watcher.next()).slice(3)).toEqual([
        expect.objectContaining({ publisher: far.id }),
        ["gone"],
        { a: 1 },
      ]);
    }
    other.engine.mend();
    await told(other);
    await told(other);
    far.disconnect();
    await told(other);
    for (const watcher of watchers) expect(watcher.take()).toEqual([]);
  }, 10_000);

  test("its testaments are refused that the table could not hold", async () => {
    const { other } = await openPair();
    const far = await joinOf(other);
    const add = ["wamp.session.add_testament", "com.will"] as const;
    const long = ["x".repeat(50_000)];
    for (let n = 0; n < 10; n++) expect(await result(far, ...add, long, {})).toBeNull();
    expect(await result(far, ...add, long, {})).toBe("wamp.error.unavailable");
    expect(await result(far, "wamp.session.flush_testaments")).toBe(10);
  });

  test("its testaments may name sessions that cannot be", async () => {
    const { hub, one, other } = await openPair();
    const [watcher, far] = [await joinOf(one), await other.join({ roles, serializer: "msgpack" })];
    await subscribe(watcher, "com.will");
    const options = { exclude: [2n ** 60n], eligible: [watcher.id, 2n ** 60n] };
    const add = ["wamp.session.add_testament", "com.will", ["gone"], {}] as const;
    expect(await result(far, ...add, options)).toBeNull();
    await told(other);
    await lose(hub, other);
    expect((await watcher.next())[4]).toEqual(["gone"]);
  }, 10_000);

  test("which only ends, its sessions have left by themselves", async () => {
    const { one, other } = await openPair();
    const watcher = await joinOf(one);
    await subscribe(watcher, "com.will");
    const far = await joinOf(other);
    await result(far, "wamp.session.add_testament", "com.will", ["gone"], {});
    await told(other);
    far.disconnect();
    expect((await watcher.next())[4]).toEqual(["gone"]);
    await other.realms.leaveClusters();
    expect(await result(watcher, "wamp.session.count")).toBe(1);
    expect(watcher.take()).toEqual([]);
  });
});
