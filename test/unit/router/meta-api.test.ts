/** The meta procedures and events about registrations and subscriptions; testaments; sessions that are ended. */

import { describe, expect, test } from "bun:test";
import { MessageType as M } from "#wamp/message-type.ts";
import { quiet } from "../../support/quiet-context.ts";
import { ask, everything, type JoinedPeer, openRouter } from "../../support/router-harness.ts";

const roles = ["anonymous", "user"].map((name) => ({ name, permissions: [everything] }));
const revocable = {
  callee: { features: { registration_revocation: true } },
  subscriber: { features: { subscription_revocation: true } },
};

/** What a meta procedure returns, or the URI of its ERROR. */
async function call(
  peer: JoinedPeer,
  procedure: string,
  args: unknown[] = [],
  kwargs: object = {},
) {
  const answer = await ask(peer, [M.CALL, 7, {}, `wamp.${procedure}`, args, kwargs]);
  return answer[0] === M.RESULT ? (answer[3] as unknown[])[0] : answer[4];
}

const kinds = [
  ["registration", M.REGISTER, M.UNREGISTER, M.UNREGISTERED, "callee"],
  ["subscription", M.SUBSCRIBE, M.UNSUBSCRIBE, M.UNSUBSCRIBED, "subscriber"],
] as const;

describe.each(kinds)("the meta API about each %s", (kind, request, end, ended, member) => {
  const none = `wamp.error.no_such_${kind}`;

  test("lists, finds and describes it", async () => {
    const { join } = openRouter(roles);
    const peer = await join();
    const [, , exact] = await ask(peer, [request, 1, {}, "a.b"]);
    const [, , prefix] = await ask(peer, [request, 2, { match: "prefix" }, "a."]);
    const lists = { exact: [exact], prefix: [prefix], wildcard: [] };
    expect(await call(peer, `${kind}.list`)).toEqual(lists);
    expect(await call(peer, `${kind}.list`, [peer.id])).toEqual(lists);
    expect(await call(peer, `${kind}.list`, [5])).toBe("wamp.error.no_such_session");
    expect(await call(peer, `${kind}.lookup`, ["a.b"])).toBe(exact);
    expect(await call(peer, `${kind}.lookup`, ["a.", { match: "prefix" }])).toBe(prefix);
    expect(await call(peer, `${kind}.lookup`, ["a."])).toBeNull();
    const both = await call(peer, `${kind}.match`, ["a.b"]);
    expect(both).toEqual(kind === "registration" ? exact : [exact, prefix]);
    expect(await call(peer, `${kind}.match`, ["x"])).toBeNull();
    const details = await call(peer, `${kind}.get`, [prefix]);
    expect(details).toMatchObject({ id: prefix, uri: "a.", match: "prefix" });
    expect((details as { created: string }).created).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    expect(await call(peer, `${kind}.get`, [5])).toBe(none);
    expect(await call(peer, `${kind}.list_${member}s`, [exact])).toEqual([peer.id]);
    expect(await call(peer, `${kind}.count_${member}s`, [exact])).toBe(1);
  });

  test("takes it from a session, which is told if it understands that", async () => {
    const { join } = openRouter(roles);
    const [told, other] = [await join({ roles: revocable }), await join()];
    const [, , id] = await ask(told, [request, 1, {}, "a.b"]);
    const remove = `${kind}.remove_${member}`;
    expect(await call(other, remove, [id, other.id])).toBe(none);
    expect(await call(other, remove, [id, told.id, "a.reason"])).toBeNull();
    expect(told.take()).toEqual([[ended, 0, { [kind]: id, reason: "a.reason" }]]);
    expect(await call(other, `${kind}.get`, [id])).toBe(none);
  });

  test("publishes when it begins, gets sessions, loses them and ends", async () => {
    const { join } = openRouter(roles);
    const [watcher, first, second] = [await join(), await join(), await join()];
    const topics = new Map<unknown, string>();
    const added = kind === "registration" ? "register" : "subscribe";
    const removed = `un${added}`;
    for (const event of ["create", added, removed, "delete"]) {
      const [, , id] = await ask(watcher, [M.SUBSCRIBE, 1, {}, `wamp.${kind}.on_${event}`]);
      topics.set(id, event);
    }
    const seen = () =>
      watcher.take().map(([, id, , , args]) => [topics.get(id), ...(args as unknown[])]);
    const shared = kind === "registration" ? { invoke: "first" } : {};
    const [, , id] = await ask(first, [request, 1, shared, "a.b"]);
    const details = { id, uri: "a.b", match: "exact", created: expect.any(String) };
    expect(seen()).toEqual([
      ["create", first.id, { ...details, ...shared }],
      [added, first.id, id],
    ]);
    await ask(first, [request, 2, shared, "a.b"]);
    await ask(second, [request, 1, shared, "a.b"]);
    expect(seen()).toEqual([[added, second.id, id]]);
    await ask(first, [end, 3, id]);
    second.disconnect();
    expect(seen()).toEqual([
      [removed, first.id, id],
      [removed, second.id, id],
      ["delete", second.id, id],
    ]);
  });
});

describe("the meta API", () => {
  test("shows subscriptions to topics of the router to nobody but those with all rights", async () => {
    const { join } = openRouter(roles);
    const [peer, trusted] = [await join(), await join({ role: "trusted" })];
    const [, , id] = await ask(peer, [M.SUBSCRIBE, 1, {}, "wamp.session.on_join"]);
    expect(await call(peer, "subscription.lookup", ["wamp.session.on_join"])).toBeNull();
    expect(await call(peer, "subscription.get", [id])).toBe("wamp.error.not_authorized");
    expect(await call(trusted, "subscription.lookup", ["wamp.session.on_join"])).toBe(id);
  });

  test("is not there where the realm has none, and not announced", async () => {
    const { join, realms } = openRouter(roles, quiet, { options: { enable_meta_api: false } });
    const peer = await join();
    await ask(peer, [M.SUBSCRIBE, 1, {}, "wamp.session.on_join"]);
    await join();
    expect(peer.take()).toEqual([]);
    expect(await call(peer, "session.count")).toBe("wamp.error.no_such_procedure");
    expect(JSON.stringify(realms.get("realm1")?.announced)).not.toContain("meta_api");
  });
});

describe("a session", () => {
  test("is ended with a reason and a message", async () => {
    const { join } = openRouter(roles);
    const [peer, victim] = [await join(), await join()];
    const kwargs = { reason: "a.reason", message: "out" };
    expect(await call(peer, "session.kill", [victim.id], kwargs)).toBeNull();
    expect(victim.take()).toEqual([[M.GOODBYE, { message: "out" }, "a.reason"]]);
    expect(victim.closed).toBeDefined();
    expect(await call(peer, "session.get", [victim.id])).toBe("wamp.error.no_such_session");
  });

  test("with all rights is shown to its like alone", async () => {
    const { join } = openRouter(roles);
    const [peer, trusted] = [await join(), await join({ role: "trusted" })];
    const [, , registration] = await ask(trusted, [M.REGISTER, 1, {}, "a.b"]);
    const [, , subscription] = await ask(trusted, [M.SUBSCRIBE, 1, {}, "a.b"]);
    expect(await call(peer, "session.count")).toBe(1);
    expect(await call(peer, "session.list")).toEqual([peer.id]);
    for (const [procedure, args] of [
      ["session.get", [trusted.id]],
      ["registration.list", [trusted.id]],
      ["subscription.list", [trusted.id]],
      ["registration.remove_callee", [registration, trusted.id]],
      ["subscription.remove_subscriber", [subscription, trusted.id]],
    ] as const) {
      expect(await call(peer, procedure, [...args])).toBe("wamp.error.no_such_session");
    }
    expect(await call(trusted, "session.list")).toEqual([peer.id, trusted.id]);
    expect(await call(trusted, "session.get", [trusted.id])).toMatchObject({ authrole: "trusted" });
  });

  test.each([
    ["session.list", ["user"]],
    ["session.count", [5]],
    ["session.list", [[5]]],
    ["registration.lookup", ["a.b", { match: "regex" }]],
    ["subscription.lookup", ["a.b", { match: 5 }]],
  ])("%s%j is refused", async (procedure, args) => {
    const { join } = openRouter(roles);
    expect(await call(await join(), procedure, args)).toBe("wamp.error.invalid_argument");
  });

  test("is not ended by itself, nor one with all rights by others", async () => {
    const { join } = openRouter(roles);
    const [peer, trusted] = [await join(), await join({ role: "trusted" })];
    const none = "wamp.error.no_such_session";
    expect(await call(peer, "session.kill", [peer.id])).toBe(none);
    expect(await call(peer, "session.kill", [trusted.id])).toBe(none);
    expect(await call(peer, "session.kill_all")).toBe(0);
    expect(await call(peer, "session.kill", [5])).toBe(none);
    expect(await call(peer, "session.kill", [trusted.id], { reason: "a b" })).toBe(
      "wamp.error.invalid_reason",
    );
  });

  test("is ended with all others of its authid, authrole or realm", async () => {
    const { join, realms } = openRouter(roles);
    const peer = await join();
    const [user, guest, other] = [await join({ role: "user" }), await join(), await join()];
    expect(await call(peer, "session.kill_by_authrole", ["user"])).toEqual([user.id]);
    expect(user.take()).toEqual([[M.GOODBYE, {}, "wamp.close.normal"]]);
    const authid = realms.get("realm1")?.sessions.get(guest.id)?.identity.authid;
    let forgotten = 0;
    guest.details.cookie = {
      recall: () => undefined,
      remember() {},
      forget: () => void forgotten++,
    };
    expect(await call(peer, "session.kill_by_authid", [authid])).toEqual([guest.id]);
    expect(forgotten).toBe(1);
    expect(await call(peer, "session.kill_all")).toBe(1);
    expect([peer.closed, other.closed?.code]).toEqual([undefined, 1001]);
  });
});

describe("a testament", () => {
  const add = (peer: JoinedPeer, args: unknown[], kwargs: object = {}) =>
    call(peer, "session.add_testament", args, kwargs);

  test("is published when its session is lost, detached ones first", async () => {
    const { join } = openRouter(roles);
    const [peer, heir] = [await join({ serializer: "cbor" }), await join()];
    await ask(heir, [M.SUBSCRIBE, 1, {}, "a.b"]);
    expect(await add(peer, ["a.b", [1, 2], { k: 3 }])).toBeNull();
    expect(await add(peer, ["a.b", null, null], { scope: "detached" })).toBeNull();
    expect(heir.take()).toEqual([]);
    peer.disconnect();
    expect(heir.take().map((event) => event.slice(3))).toEqual([
      [{}, []],
      [{}, [1, 2], { k: 3 }],
    ]);
  });

  test("is published after GOODBYE too, with its options", async () => {
    const { join } = openRouter(roles);
    const [peer, user, other] = [await join(), await join({ role: "user" }), await join()];
    for (const heir of [user, other]) await ask(heir, [M.SUBSCRIBE, 1, {}, "a.b"]);
    const options = { eligible_authrole: ["user"], acknowledge: true, disclose_me: true };
    await add(peer, ["a.b", ["last"], {}, options]);
    await ask(peer, [M.GOODBYE, {}, "wamp.close.normal"]);
    expect(user.take()[0]?.[3]).toMatchObject({ publisher: peer.id });
    expect(other.take()).toEqual([]);
  });

  test("is taken back with those of its scope", async () => {
    const { join } = openRouter(roles);
    const [peer, heir] = [await join(), await join()];
    await ask(heir, [M.SUBSCRIBE, 1, {}, "a.b"]);
    for (const scope of ["destroyed", "destroyed", "detached"])
      await add(peer, ["a.b", [], {}, null, scope]);
    expect(await call(peer, "session.flush_testaments")).toBe(2);
    expect(await call(peer, "session.flush_testaments")).toBe(0);
    peer.disconnect();
    expect(heir.take()).toHaveLength(1);
  });

  test.each<[unknown[], string]>([
    [["a b"], "wamp.error.invalid_uri"],
    [["wamp.x"], "wamp.error.invalid_uri"],
    [[], "wamp.error.invalid_argument"],
    [["a.b", 5], "wamp.error.invalid_argument"],
    [["a.b", [], []], "wamp.error.invalid_argument"],
    [["a.b", [], {}, { exclude: 5 }], "wamp.error.invalid_argument"],
    [["a.b", [], {}, {}, "later"], "wamp.error.testament_error"],
  ])("%j is refused", async (args, uri) => {
    const { join } = openRouter(roles);
    expect(await add(await join(), args)).toBe(uri);
  });

  test("is refused where its publication would be, and beyond a hundred", async () => {
    const publishing = { ...everything, allow: { ...everything.allow, publish: false } };
    const { join } = openRouter([{ name: "anonymous", permissions: [publishing] }]);
    expect(await add(await join(), ["a.b"])).toBe("wamp.error.not_authorized");
    const trusted = await join({ role: "trusted" });
    for (let count = 0; count < 100; count++) await add(trusted, ["a.b"]);
    expect(await add(trusted, ["a.b"])).toBe("wamp.error.unavailable");
  });
});
