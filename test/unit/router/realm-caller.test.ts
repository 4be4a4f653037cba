import { heapStats } from "bun:jsc";
import { describe, expect, test } from "bun:test";
import { signChallenge } from "#auth/cryptosign-challenge.ts";
import { makePrivateKey, publicKeyOf } from "#base/ed25519.ts";
import type { AuthConfig } from "#config/auth/auth-config.ts";
import type { DynamicAuthConfig } from "#config/auth/authenticator-config.ts";
import type { RealmConfig } from "#config/realm/realm-config.ts";
import { SessionCounts } from "#observe/session-counts.ts";
import { RealmCaller } from "#router/realm-caller.ts";
import { RealmTable } from "#router/realm-table.ts";
import { RouterSession } from "#router/router-session.ts";
import { MessageType as M } from "#wamp/message-type.ts";
import { FakePeer } from "../../support/fake-peer.ts";
import { quiet } from "../../support/quiet-context.ts";
import { everything } from "../../support/router-harness.ts";

const procedure = "com.example.authenticate";
const permission = (allowed: boolean) => ({
  uri: procedure,
  match: "exact" as const,
  allow: { call: allowed, register: true, publish: false, subscribe: false },
  disclose: { caller: true, publisher: false },
});
const realms: RealmConfig[] = [
  { name: "realm1", roles: [{ name: "user", permissions: [] }] },
  {
    name: "auth",
    roles: [
      { name: "authenticator", permissions: [permission(true)] },
      { name: "nobody", permissions: [permission(false)] },
    ],
  },
];
const dynamic: DynamicAuthConfig = {
  type: "dynamic",
  authenticator: procedure,
  "authenticator-realm": "auth",
  "authenticator-role": null,
  "default-role": null,
  "authenticator-timeout": 10_000,
};

/** A router with an authenticator on realm `auth`, and what it takes for somebody to connect. */
async function start(changes: Partial<DynamicAuthConfig> = {}) {
  const logged: unknown[] = [];
  const log = { ...quiet, warn: (...what: unknown[]) => void logged.push(what) };
  const open = new RealmTable(realms, quiet);
  const authenticators = new RealmCaller(open, log);
  const connect = (auth: AuthConfig) => {
    const peer = new FakePeer();
    peer.attach(
      new RouterSession(peer, auth, open, {
        log: quiet,
        counts: new SessionCounts(),
        onEnd() {},
        authenticators,
      }),
    );
    return peer;
  };
  const authenticator = connect({ anonymous: { type: "static", role: "authenticator" } });
  const features = { call_canceling: true };
  authenticator.says([M.HELLO, "auth", { roles: { callee: { features } } }]);
  await authenticator.next();
  authenticator.says([M.REGISTER, 1, {}, procedure]);
  await authenticator.next();
  const client = connect({ anonymous: { ...dynamic, ...changes } });
  client.says([M.HELLO, "realm1", { roles: { caller: {} } }]);
  return { client, connect, authenticator, logged };
}

const refused = [
  M.ABORT,
  { message: expect.stringContaining("the client could not be verified") },
  "wamp.error.authentication_failed",
];

describe("cryptosign-proxy of type dynamic", () => {
  const key = makePrivateKey();
  const pubkey = publicKeyOf(key);
  const vouched = { proxy_realm: "realm1", proxy_authid: "bob", proxy_authrole: "user" };

  /** A proxy that says HELLO, and what the authenticator is asked then. */
  async function arrive(authextra: object = { ...vouched, pubkey }, authid?: string) {
    const { connect, authenticator } = await start();
    // About the client that `start` has brought.
    await authenticator.next();
    const proxy = connect({ "cryptosign-proxy": dynamic });
    const details = { roles: { caller: {} }, authmethods: ["cryptosign-proxy"], authextra };
    proxy.says([M.HELLO, "realm1", { ...details, ...(authid && { authid }) }]);
    const [, id, , , args] = await authenticator.next();
    const answers = (found: unknown) => authenticator.says([M.YIELD, id, {}, [found]]);
    return { proxy, args, answers };
  }

  test.each([
    ["node1", "node1"],
    [undefined, "bob"],
  ])("asks for the node's key (authid %p), and for a signature", async (authid, asked) => {
    const { proxy, args, answers } = await arrive({ ...vouched, pubkey }, authid);
    expect(args).toEqual([
      "realm1",
      asked,
      expect.objectContaining({
        authmethod: "cryptosign-proxy",
        authid: asked,
        authrole: "user",
        authextra: { ...vouched, pubkey },
        pubkey,
      }),
    ]);
    answers({ pubkey, role: "proxy" });
    const [type, method, extra] = await proxy.next();
    expect([type, method]).toEqual([M.CHALLENGE, "cryptosign-proxy"]);
    const { challenge } = extra as { challenge: string };
    proxy.says([M.AUTHENTICATE, signChallenge(challenge, key), {}]);
    expect(await proxy.next()).toMatchObject([
      M.WELCOME,
      expect.any(Number),
      { authid: "bob", authrole: "user", authmethod: "cryptosign-proxy" },
    ]);
  });

  test("refuses a client that cannot sign", async () => {
    const { proxy, answers } = await arrive();
    answers({ pubkey, role: "proxy" });
    const [, , extra] = await proxy.next();
    const { challenge } = extra as { challenge: string };
    proxy.says([M.AUTHENTICATE, signChallenge(challenge, makePrivateKey()), {}]);
    expect(await proxy.next()).toMatchObject([M.ABORT, {}, "wamp.error.authentication_failed"]);
  });

  test.each([
    [
      "another key",
      { pubkey: publicKeyOf(makePrivateKey()), role: "proxy" },
      "authentication_failed",
    ],
    ["no key", { role: "proxy" }, "authentication_failed"],
    ["no role", { pubkey }, "no_such_role"],
  ])("refuses a node of which the authenticator knows %s", async (_what, found, uri) => {
    const { proxy, answers } = await arrive();
    answers(found);
    expect(await proxy.next()).toMatchObject([M.ABORT, {}, `wamp.error.${uri}`]);
  });
});

describe("RealmCaller", () => {
  test.each([null, "trusted", "authenticator"])(
    "asks on a realm of the router, as %p",
    async (role) => {
      const { client, authenticator } = await start({ "authenticator-role": role });
      const [type, id, , details, args] = await authenticator.next();
      expect(type).toBe(M.INVOCATION);
      expect(details).toEqual({
        caller: expect.any(Number),
        caller_authid: "router",
        caller_authrole: role ?? "trusted",
      });
      expect(args).toMatchObject(["realm1", expect.any(String), { authmethod: "anonymous" }]);
      authenticator.says([M.YIELD, id, {}, ["user"]]);
      expect(await client.next()).toMatchObject([
        M.WELCOME,
        expect.any(Number),
        { authrole: "user", authprovider: "dynamic" },
      ]);
    },
  );

  test("says with which ERROR the authenticator refused", async () => {
    const { client, authenticator } = await start();
    const [, id] = await authenticator.next();
    authenticator.says([M.ERROR, M.INVOCATION, id, {}, "com.example.no", ["not today"]]);
    expect(await client.next()).toEqual([M.ABORT, { message: "not today" }, "com.example.no"]);
    expect(client.closed?.code).toBe(1000);
  });

  test.each([
    [{ "authenticator-realm": "nowhere" }, 'no realm "nowhere" exists'],
    [{ "authenticator-role": "boss" }, 'realm "auth" has no role "boss"'],
    [{ authenticator: "com.example.other" }, "no callee has registered it"],
  ])("refuses clients where it cannot call: %j", async (changes, reason) => {
    const { client, logged } = await start(changes);
    expect(await client.next()).toEqual(refused);
    expect(logged).toEqual([
      [
        "authenticator failed",
        expect.objectContaining({ reason: expect.stringContaining(reason) }),
      ],
    ]);
  });

  test("refuses clients where the role may not call", async () => {
    const { client } = await start({ "authenticator-role": "nobody" });
    expect((await client.next())[0]).toBe(M.ABORT);
  });

  test("tells an authenticator that is slow to stop, and refuses the client", async () => {
    const { client, authenticator } = await start({ "authenticator-timeout": 50 });
    const [, id] = await authenticator.next();
    expect(await client.next()).toEqual(refused);
    expect((await authenticator.next()).slice(0, 2)).toEqual([M.INTERRUPT, id]);
  });

  test("refuses the client when the authenticator leaves", async () => {
    const { client, authenticator } = await start();
    await authenticator.next();
    authenticator.disconnect();
    expect(await client.next()).toEqual(refused);
  });
});

test("a testament is refused, and nothing kept, where a client has no session of its own", async () => {
  const roles = [{ name: "user", permissions: [everything] }];
  const caller = new RealmCaller(new RealmTable([{ name: "realm1", roles }], quiet), quiet);
  const call = (uri: string, args: string) => {
    const principal = { authid: "joe", authmethod: "http", authprovider: "http" };
    const { signal } = new AbortController();
    const payload = { serializer: "json" as const, items: [Buffer.from(args)] };
    const by = { realm: "realm1", role: "user", principal, signal };
    return caller.request({ ...by, kind: "call", uri, options: {}, payload });
  };
  const refused = { kind: "error", uri: "wamp.error.testament_error" };
  expect(await call("wamp.session.add_testament", '["a.b"]')).toMatchObject(refused);
  // Each internal session has some.
  const sets = () => {
    Bun.gc(true);
    return heapStats().objectTypeCounts["Set"] ?? 0;
  };
  const before = sets();
  for (let count = 0; count < 300; count++) await call("wamp.session.flush_testaments", "[]");
  expect(sets() - before).toBeLessThan(150);
  // The realm is in use until here.
  expect(await call("wamp.session.flush_testaments", "[]")).toMatchObject({ kind: "result" });
});

test("subscriptions get what the worker itself publishes", async () => {
  const roles = [{ name: "user", permissions: [everything] }];
  const caller = new RealmCaller(new RealmTable([{ name: "realm1", roles }], quiet), quiet);
  const { signal } = new AbortController();
  const got: string[] = [];
  const receiver = { onEvent: ({ topic = "" }) => got.push(topic), onEnd() {} };
  const target = { realm: "realm1", role: "user", signal };
  await caller.subscribe({ ...target, pattern: { topic: "a.b", match: "exact" }, receiver });
  const options = { acknowledge: true };
  const payload = { serializer: "cbor" as const, items: [] };
  await caller.request({ ...target, kind: "publish", uri: "a.b", options, payload });
  expect(got).toEqual(["a.b"]);
});
