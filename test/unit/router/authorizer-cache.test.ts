/** `authorizer-cache`: decisions that are kept for a time, for a role or a session, and questions that are shared. */

import { describe, expect, test } from "bun:test";
import type { DecisionCacheConfig } from "#config/realm/realm-config.ts";
import { DecisionCache } from "#router/decision-cache.ts";
import type { ActionRequest } from "#router/requests.ts";
import type { Requester } from "#router/role.ts";
import { MessageType as M } from "#wamp/message-type.ts";
import { settle, startAuthorizer } from "../../support/authorizer-harness.ts";
import { fakeTime } from "../../support/fake-time.ts";
import { ask, type JoinedPeer } from "../../support/router-harness.ts";

const defaults: DecisionCacheConfig = { scope: "role", denials: true, limit: 10_000 };
const yes = { allow: true, cache: true };
const notAuthorized = "wamp.error.not_authorized";

const start = (cache: Partial<DecisionCacheConfig> = {}) =>
  startAuthorizer({ cache: { ...defaults, ...cache } });

/** Subscribes: a request whose answer says the decision. */
const subscribe = (peer: JoinedPeer, id: number, topic = "a.b") =>
  peer.says([M.SUBSCRIBE, id, {}, topic]);

describe("a kept decision", () => {
  test.each(["role", "session"] as const)("of a %s ends with its ttl", async (scope) => {
    const { client, authorizer, decide } = await start({ scope, ttl: 30 });
    const pass = fakeTime();
    await decide(client, [M.SUBSCRIBE, 1, {}, "a.b"], yes);
    expect((await client.next())[0]).toBe(M.SUBSCRIBED);
    pass(29_999);
    expect((await ask(client, [M.SUBSCRIBE, 2, {}, "a.b"]))[0]).toBe(M.SUBSCRIBED);
    expect(authorizer.take()).toEqual([]);
    pass(1);
    await decide(client, [M.SUBSCRIBE, 3, {}, "a.b"], false);
    expect((await client.next())[4]).toBe(notAuthorized);
  });

  test("of a session does not hold for another one", async () => {
    const { client, join, decide, authorizer } = await start({ scope: "session" });
    await decide(client, [M.SUBSCRIBE, 1, {}, "a.b"], yes);
    await client.next();
    const other = await join({ role: "user" });
    await decide(other, [M.SUBSCRIBE, 1, {}, "a.b"], { allow: false, cache: true });
    expect((await other.next())[4]).toBe(notAuthorized);
    expect((await ask(client, [M.SUBSCRIBE, 2, {}, "a.b"]))[0]).toBe(M.SUBSCRIBED);
    expect((await ask(other, [M.SUBSCRIBE, 2, {}, "a.b"]))[4]).toBe(notAuthorized);
    expect(authorizer.take()).toEqual([]);
  });

  test("of a session that has left makes room for others", async () => {
    const { client, join, decide, authorizer } = await start({ scope: "session", limit: 2 });
    const [second, third] = [await join({ role: "user" }), await join({ role: "user" })];
    await decide(client, [M.SUBSCRIBE, 1, {}, "a.b"], yes);
    await decide(second, [M.SUBSCRIBE, 1, {}, "a.b"], yes);
    await second.next();
    second.disconnect();
    await decide(third, [M.SUBSCRIBE, 1, {}, "a.b"], yes);
    await settle();
    client.take();
    expect((await ask(client, [M.SUBSCRIBE, 2, {}, "a.b"]))[0]).toBe(M.SUBSCRIBED);
    expect(authorizer.take()).toEqual([]);
  });

  test.each([true, false])("may be a denial: %p", async (denials) => {
    const { client, decide, authorizer } = await start({ denials });
    await decide(client, [M.SUBSCRIBE, 1, {}, "a.b"], { allow: false, cache: true });
    expect((await client.next())[4]).toBe(notAuthorized);
    subscribe(client, 2);
    await settle();
    expect(authorizer.take()).toHaveLength(denials ? 0 : 1);
  });

  test.each([
    ["that says the same", (roles: unknown[]) => roles],
    ["with another timeout", ([service, user]: unknown[]) => [service, longer(user)]],
  ])("is forgotten by a configuration %s, and so is one under way", async (_title, next) => {
    const { client, decide, question, realms, roles } = await start();
    await decide(client, [M.SUBSCRIBE, 1, {}, "a.b"], yes);
    await client.next();
    subscribe(client, 2, "a.late");
    const late = await question();
    realms.configure([{ name: "realm1", roles: next(structuredClone(roles)) as typeof roles }]);
    subscribe(client, 3, "a.late");
    const again = await question();
    late.returns(yes);
    expect((await client.next()).slice(0, 2)).toEqual([M.SUBSCRIBED, 2]);
    again.returns(false);
    expect((await client.next())[4]).toBe(notAuthorized);
    await decide(client, [M.SUBSCRIBE, 4, {}, "a.late"], false);
    expect((await client.next())[4]).toBe(notAuthorized);
    await decide(client, [M.SUBSCRIBE, 5, {}, "a.b"], false);
    expect((await client.next())[4]).toBe(notAuthorized);
  });
});

const longer = (role: unknown) => {
  const { authorizer, ...rest } = role as { authorizer: object };
  return { ...rest, authorizer: { ...authorizer, "authorizer-timeout": 2_000 } };
};

describe("requests for one decision", () => {
  test("wait for one question, and all get what is kept", async () => {
    const { client, join, question, authorizer } = await start();
    const other = await join({ role: "user" });
    for (const id of [1, 2, 3]) subscribe(client, id);
    subscribe(other, 1);
    const { returns } = await question();
    expect(authorizer.take()).toEqual([]);
    returns(yes);
    await settle();
    expect([...client.take(), ...other.take()].map(([type]) => type)).toEqual([
      M.SUBSCRIBED,
      M.SUBSCRIBED,
      M.SUBSCRIBED,
      M.SUBSCRIBED,
    ]);
    expect(authorizer.take()).toEqual([]);
  });

  test("of several sessions ask for themselves where the decision is not for all", async () => {
    const { client, join, question, authorizer } = await start();
    const others = [await join({ role: "user" }), await join({ role: "user" })];
    for (const peer of [client, ...others]) subscribe(peer, 1);
    (await question()).returns(true);
    const [one, two] = [await question(), await question()];
    expect([one, two].map(({ args }) => args[0])).toMatchObject(
      others.map(({ id }) => ({ session: id })),
    );
    one.returns(false);
    two.returns(true);
    expect((await client.next())[0]).toBe(M.SUBSCRIBED);
    expect((await others[0]?.next())?.[4]).toBe(notAuthorized);
    expect((await others[1]?.next())?.[0]).toBe(M.SUBSCRIBED);
    expect(authorizer.take()).toEqual([]);
  });

  test("of several sessions are not shared where a decision holds for one", async () => {
    const { client, join, question } = await start({ scope: "session" });
    const other = await join({ role: "user" });
    for (const peer of [client, other, client, other]) subscribe(peer, 1);
    const [one, two] = [await question(), await question()];
    one.returns(yes);
    two.returns({ allow: false, cache: true });
    await settle();
    expect(client.take().map(([type]) => type)).toEqual([M.SUBSCRIBED, M.SUBSCRIBED]);
    expect(other.take().map((message) => message[4])).toEqual([notAuthorized, notAuthorized]);
  });

  test("fail together with the question, and the next one is asked again", async () => {
    const { client, question } = await start();
    for (const id of [1, 2]) subscribe(client, id);
    (await question()).raises("com.example.broken");
    for (const id of [1, 2]) {
      expect((await client.next()).slice(0, 5)).toEqual([
        M.ERROR,
        M.SUBSCRIBE,
        id,
        {},
        "wamp.error.authorization_failed",
      ]);
    }
    subscribe(client, 3);
    await question();
  });

  test("keep the question when the session that asked it leaves", async () => {
    const { client, join, question, authorizer } = await start();
    const other = await join({ role: "user" });
    for (const peer of [client, other]) subscribe(peer, 1);
    const { returns } = await question();
    client.disconnect();
    expect(authorizer.take()).toEqual([]);
    returns(yes);
    expect((await other.next())[0]).toBe(M.SUBSCRIBED);
  });

  test("do not wait for a question that all others have left", async () => {
    const { client, join, question } = await start();
    const [other, later] = [await join({ role: "user" }), await join({ role: "user" })];
    for (const peer of [client, other]) subscribe(peer, 1);
    await question();
    client.disconnect();
    other.disconnect();
    subscribe(later, 1);
    (await question()).returns(yes);
    expect((await later.next())[0]).toBe(M.SUBSCRIBED);
  });
});

describe("the cache", () => {
  const decision = { ...yes, disclose: false, validate: false };
  const of = (id: number) => ({ id }) as Requester;
  const about = (uri: string): ActionRequest => ({
    type: M.SUBSCRIBE,
    id: 1,
    action: "subscribe",
    options: {},
    uri,
    match: "exact",
  });

  test.each([
    ["role", undefined],
    ["role", { ...defaults, limit: 3 }],
    ["session", { ...defaults, limit: 3, scope: "session" as const }],
  ])("of a %s forgets the decision that was unused the longest: %j", (_scope, config) => {
    const decisions = new DecisionCache(config);
    const { limit } = config ?? defaults;
    for (const uri of ["a.kept", "a.unused"]) decisions.keep(of(1), about(uri), decision);
    for (let i = 1; i < limit; i += 1) {
      decisions.keep(of(1), about(`b.x${i}`), decision);
      expect(decisions.get(of(1), about("a.kept"))).toBe(decision);
    }
    expect(decisions.get(of(1), about("a.unused"))).toBeUndefined();
    expect(decisions.get(of(1), about("b.x1"))).toBe(decision);
  });

  test("forgets a session that has left, and no other one", () => {
    const decisions = new DecisionCache({ ...defaults, scope: "session" });
    for (const id of [1, 12]) decisions.keep(of(id), about("a.b"), decision);
    decisions.left(of(1));
    expect(decisions.get(of(1), about("a.b"))).toBeUndefined();
    expect(decisions.get(of(12), about("a.b"))).toBe(decision);
  });
});
