/** Dynamic authenticators: a proxy in front of the program's own router, and of a scripted one. */

import { afterAll, afterEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makePrivateKey, publicKeyOf } from "#base/ed25519.ts";
import type {
  AuthConfig,
  ConnectionConfig,
  DynamicAuthConfig,
  JoiningConfig,
  ProxyWorkerConfig,
  RouterWorkerConfig,
  SessionConfig,
} from "#config/node-config.ts";
import { startProxyWorker } from "#worker/proxy-worker.ts";
import { startRouterWorker } from "#worker/router-worker.ts";
import { keptLog } from "../support/kept-log.ts";
import { noPings } from "../support/no-pings.ts";
import { quiet, quietContext } from "../support/quiet-context.ts";
import { scriptedRouter } from "../support/scripted-router.ts";
import { registerAuthenticator, wampSocket } from "../support/wamp-socket.ts";
import { webSocketDefaults } from "../support/websocket-defaults.ts";

const folder = mkdtempSync(join(tmpdir(), "crossproxy-dynamic-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const procedure = "com.example.authenticate";
const dynamic: DynamicAuthConfig = {
  type: "dynamic",
  authenticator: procedure,
  "authenticator-realm": "auth",
  "authenticator-role": "authenticator",
  "default-role": null,
  "authenticator-timeout": 10_000,
};
const everything = { call: true, register: true, publish: true, subscribe: true };
const role = (name: string) => ({
  name,
  permissions: [
    {
      uri: "",
      match: "prefix" as const,
      allow: everything,
      disclose: { caller: false, publisher: false },
    },
  ],
});
const tcp = { type: "tcp", port: 0, interface: "127.0.0.1", shared: false } as const;
const sessionDefaults = { serializers: ["json" as const, "cbor" as const], backend: null };

let count = 0;
const socketPath = () => join(folder, `router${count++}.sock`);

const anonymousProxy: AuthConfig = { "anonymous-proxy": { type: "static" } };

/** A router for proxies at a Unix socket; a client that joins at `url` may register authenticators. */
async function startRouter(path: string, proxies: AuthConfig = anonymousProxy) {
  const rawsocket = { max_message_size: 2 ** 20, max_buffered: 2 ** 20, stall_timeout: 0 };
  const config: RouterWorkerConfig = {
    type: "router",
    id: "router",
    realms: [
      { name: "realm1", roles: [role("user"), role("guest")] },
      { name: "auth", roles: [role("authenticator")] },
    ],
    transports: [
      {
        type: "rawsocket",
        id: "proxies",
        endpoint: { type: "unix", path, permission: 0o600 },
        ...sessionDefaults,
        auth: proxies,
        options: { ...rawsocket, ...noPings },
      },
      {
        type: "websocket",
        id: "authenticators",
        endpoint: tcp,
        ...sessionDefaults,
        auth: { anonymous: { type: "static", role: "authenticator" } },
        options: webSocketDefaults,
      },
    ],
  };
  const worker = await startRouterWorker(config, { ...quietContext, log: quiet });
  const stop = () => worker.shutdown();
  const url = worker.urls.find((one) => one.startsWith("ws:")) as string;
  cleanups.push(stop);
  return { url, stop };
}

/** A proxy with one WebSocket transport in front of a router; what it logged is kept. */
async function startProxy(
  path: string,
  auth: AuthConfig | "passthrough",
  session: Partial<Pick<SessionConfig, "joining" | "backend">> = {},
  { key, others = [] }: { key?: string; others?: string[] } = {},
) {
  const connection = (id: string, path: string): ConnectionConfig => ({
    id,
    transport: {
      type: "rawsocket",
      endpoint: { type: "unix", path, timeoutMs: 10_000 },
      serializer: "cbor",
      max_message_size: 2 ** 20,
    },
    auth: key === undefined ? "anonymous-proxy" : "cryptosign-proxy",
  });
  const routers = Object.fromEntries(
    [...others, path].map((one, index) => [`router${index}`, connection(`router${index}`, one)]),
  );
  const ids = Object.keys(routers);
  const { log, logged } = keptLog("error", "warn", "info");
  const config: ProxyWorkerConfig = {
    type: "proxy",
    id: "proxy",
    connections: routers,
    routes: { realm1: { user: ids, guest: ids }, auth: { authenticator: ids } },
    transports: [
      {
        type: "websocket",
        id: "ws",
        endpoint: tcp,
        ...sessionDefaults,
        auth,
        options: webSocketDefaults,
        ...session,
      },
    ],
  };
  const nodeKey = key ?? null;
  const worker = await startProxyWorker(config, { ...quietContext, log, nodeKey });
  let stopped: Promise<void> | undefined;
  const stop = () => (stopped ??= worker.shutdown());
  cleanups.push(stop);
  return { url: worker.urls[0] as string, logged, stop };
}

/** A client that has sent its HELLO and, to a CHALLENGE, its ticket. */
async function joins(url: string, details: object = ticketHello, ticket = "s3cret") {
  const client = await wampSocket(url);
  cleanups.push(() => client.close());
  client.says([1, "realm1", { roles: { caller: {} }, ...details }]);
  if (details !== ticketHello) return client;
  expect(await client.next()).toEqual([4, "ticket", {}]);
  client.says([5, ticket, {}]);
  return client;
}

const ticketHello = { authmethods: ["ticket"], authid: "joe", authextra: { app: "shop" } };

async function whole(
  auth: AuthConfig,
  session: Partial<Pick<SessionConfig, "joining" | "backend">> = {},
) {
  const path = socketPath();
  const router = await startRouter(path);
  const proxy = await startProxy(path, auth, session);
  const authenticator = await registerAuthenticator(router.url, "auth", procedure);
  cleanups.push(() => authenticator.leave());
  return { path, router, proxy, authenticator };
}

const generic = "the client could not be verified";

describe("a dynamic authenticator", () => {
  test("is asked with the ticket, and says who the client is", async () => {
    const { proxy, authenticator } = await whole({ ticket: dynamic });
    const client = await joins(proxy.url);
    const call = await authenticator.asked();
    expect(call.args).toEqual([
      "realm1",
      "joe",
      {
        transport: {
          channel_type: "tcp",
          channel_framing: "websocket",
          channel_serializer: "json",
          peer: expect.stringMatching(/^tcp4:127\.0\.0\.1:\d+$/),
          is_server: true,
          is_secure: false,
        },
        session: expect.any(Number),
        authmethod: "ticket",
        authextra: { app: "shop" },
        authid: "joe",
        ticket: "s3cret",
      },
    ]);
    call.returns({ role: "user", authid: "joe2", extra: { tier: 3 } });
    expect(await client.next()).toEqual([
      2,
      expect.any(Number),
      expect.objectContaining({
        realm: "realm1",
        authid: "joe2",
        authrole: "user",
        authmethod: "ticket",
        authprovider: "dynamic",
        authextra: { tier: 3 },
      }),
    ]);
    expect(JSON.stringify(proxy.logged)).not.toContain("s3cret");
  });

  test("is asked about anonymous clients, whom it may give no more than a role", async () => {
    const { proxy, authenticator } = await whole({ anonymous: dynamic });
    const client = await joins(proxy.url, { authid: "admin" });
    const call = await authenticator.asked();
    const [, authid] = call.args;
    expect(authid).toMatch(/^(\w{4}-){5}\w{4}$/);
    expect(call.args[2]).not.toHaveProperty("ticket");
    call.returns("guest");
    expect(await client.next()).toMatchObject([
      2,
      expect.any(Number),
      { authid, authrole: "guest", authmethod: "anonymous", authprovider: "dynamic" },
    ]);
  });

  test("names no role: the default role counts, and without one nobody is let in", async () => {
    const auth = { ticket: { ...dynamic, "default-role": "guest" }, anonymous: dynamic };
    const { proxy, authenticator } = await whole(auth);
    const client = await joins(proxy.url);
    (await authenticator.asked()).returns({});
    expect(await client.next()).toMatchObject([2, expect.any(Number), { authrole: "guest" }]);
    const other = await joins(proxy.url, {});
    (await authenticator.asked()).returns({});
    expect(await other.next()).toMatchObject([3, {}, "wamp.error.no_such_role"]);
  });

  test("may send a client to another realm, but to none without a route", async () => {
    const { proxy, authenticator } = await whole({ anonymous: dynamic });
    const client = await joins(proxy.url, {});
    (await authenticator.asked()).returns({ role: "authenticator", realm: "auth" });
    expect(await client.next()).toMatchObject([2, expect.any(Number), { realm: "auth" }]);
    const other = await joins(proxy.url, {});
    (await authenticator.asked()).returns({ role: "guest", realm: "secret" });
    expect(await other.next()).toMatchObject([3, {}, "wamp.error.no_such_realm"]);
  });

  test("refuses with an ERROR of its own, which the client is told", async () => {
    const { proxy, authenticator } = await whole({ ticket: dynamic });
    for (const [uri, said, expected] of [
      ["com.example.expired", "the ticket has expired", "the ticket has expired"],
      ["com.example.expired", 7, expect.stringContaining(generic)],
      ["com.example.invalid", "s3cret is no ticket", "*** is no ticket"],
      ["wamp.error.no_such_principal", "who?", "who?"],
      ["wamp.error.not_authorized", "role x", expect.stringContaining(generic)],
    ]) {
      const client = await joins(proxy.url);
      (await authenticator.asked()).raises(String(uri), said);
      expect(await client.next()).toEqual([3, { message: expected }, uri]);
      expect((await client.closed).code).toBe(1000);
    }
  });

  test("fails, and the client learns nothing of it", async () => {
    const { proxy, authenticator } = await whole({ ticket: dynamic });
    const refused = [3, { message: expect.stringContaining(generic) }, authenticationFailed];
    const raised = await joins(proxy.url);
    (await authenticator.asked()).raises("wamp.error.runtime_error", "no table users: s3cret");
    expect(await raised.next()).toEqual(refused);
    expect(proxy.logged).toContainEqual([
      "authenticator failed",
      expect.objectContaining({ reason: "wamp.error.runtime_error no table users: ***" }),
    ]);
    for (const [value, reason] of [
      [42, "expected a role or a map"],
      [null, "expected a role or a map"],
      ["", "role: expected a text that is not empty"],
      [{ role: 7 }, "role: expected a text"],
      [{ role: "user", authid: null }, "authid: expected a text"],
      [{ role: "user", extra: [] }, "extra: expected a map"],
      [[], "expected a role or a map"],
    ]) {
      const client = await joins(proxy.url);
      (await authenticator.asked()).returns(value);
      expect(await client.next()).toEqual(refused);
      expect(proxy.logged).toContainEqual([
        "authenticator failed",
        expect.objectContaining({ reason: `its answer makes no sense: ${reason}` }),
      ]);
    }
  });

  test("is not registered, and is registered again", async () => {
    const { proxy, router, authenticator } = await whole({ ticket: dynamic });
    await authenticator.leave();
    const client = await joins(proxy.url);
    expect(await client.next()).toMatchObject([3, {}, authenticationFailed]);
    expect(proxy.logged).toContainEqual([
      "authenticator failed",
      expect.objectContaining({ reason: expect.stringContaining("no_such_procedure") }),
    ]);
    const again = await registerAuthenticator(router.url, "auth", procedure);
    cleanups.push(() => again.leave());
    const other = await joins(proxy.url);
    (await again.asked()).returns("user");
    expect(await other.next()).toMatchObject([2, expect.any(Number), { authrole: "user" }]);
  });

  test("is slow: it is told to stop, and the client is refused", async () => {
    const slow = { ...dynamic, "authenticator-timeout": 100 };
    const { proxy, authenticator } = await whole({ ticket: slow });
    const client = await joins(proxy.url);
    await authenticator.asked();
    expect(await client.next()).toEqual([
      3,
      { message: expect.stringContaining(generic) },
      authenticationFailed,
    ]);
    expect(await authenticator.next()).toMatchObject([69, expect.any(Number), {}]);
  });

  test("is told to stop when the client does not wait", async () => {
    const { proxy, authenticator } = await whole({ ticket: dynamic });
    const client = await joins(proxy.url);
    await authenticator.asked();
    client.close();
    expect(await authenticator.next()).toMatchObject([69, expect.any(Number), {}]);
    expect(proxy.logged.map(([text]) => text)).not.toContain("authenticator failed");
  });

  test("is told to stop when the worker ends, and its client why", async () => {
    const { proxy, authenticator } = await whole({ ticket: dynamic });
    const client = await joins(proxy.url);
    await authenticator.asked();
    const stopped = proxy.stop();
    expect(await client.next()).toEqual([
      3,
      { message: "The node shuts down" },
      "wamp.close.system_shutdown",
    ]);
    await stopped;
    expect(await authenticator.next()).toMatchObject([69, expect.any(Number), {}]);
    expect(proxy.logged.map(([text]) => text)).not.toContain("authenticator failed");
  });

  test("is asked again once its router is there again", async () => {
    const { path, proxy, router, authenticator } = await whole({ ticket: dynamic });
    const client = await joins(proxy.url);
    (await authenticator.asked()).returns("user");
    await client.next();
    const waiting = await joins(proxy.url);
    await authenticator.asked();
    await router.stop();
    expect(await waiting.next()).toMatchObject([3, {}, authenticationFailed]);
    const early = await joins(proxy.url);
    expect(await early.next()).toMatchObject([3, {}, authenticationFailed]);
    const restarted = await startRouter(path);
    const again = await registerAuthenticator(restarted.url, "auth", procedure);
    cleanups.push(() => again.leave());
    const late = await joins(proxy.url);
    (await again.asked()).returns("user");
    expect(await late.next()).toMatchObject([2, expect.any(Number), { authrole: "user" }]);
  });
});

const authenticationFailed = "wamp.error.authentication_failed";

describe("a service session", () => {
  /** A proxy in front of a scripted router. */
  async function scripted(config: Partial<DynamicAuthConfig> = {}) {
    const path = socketPath();
    const router = await scriptedRouter(path);
    cleanups.push(() => router.close());
    const proxy = await startProxy(path, { ticket: { ...dynamic, ...config } });
    return { router, proxy };
  }
  const welcome = [2, 7, { roles: { dealer: { features: { call_canceling: true } } } }];

  test("joins once, as the proxy vouches, for any number of clients", async () => {
    const { router, proxy } = await scripted();
    const clients = await Promise.all([1, 2, 3].map(() => joins(proxy.url)));
    const service = await router.session();
    expect(await service.next()).toEqual([
      1,
      "auth",
      {
        roles: {
          caller: { features: { call_canceling: true } },
          publisher: {
            features: { publisher_exclusion: true, subscriber_blackwhite_listing: true },
          },
        },
        authid: "node",
        authmethods: ["anonymous-proxy"],
        authextra: {
          proxy_realm: "auth",
          proxy_authid: expect.stringMatching(/^proxy-(\w{4}-){5}\w{4}$/),
          proxy_authrole: "authenticator",
          proxy_authmethod: "anonymous-proxy",
          proxy_authprovider: "static",
          proxy_authextra: {},
        },
      },
    ]);
    service.says(welcome);
    for (const _ of clients) {
      const [, request, , called] = await service.next();
      expect(called).toBe(procedure);
      service.says([8, 48, request, {}, "com.example.no"]);
    }
    for (const client of clients) {
      expect(await client.next()).toMatchObject([3, {}, "com.example.no"]);
    }
    await proxy.stop();
    expect(await service.next()).toEqual([6, {}, "wamp.close.system_shutdown"]);
    await service.closed.promise;
  });

  test.each([
    ["refuses it", [3, { message: "no" }, "wamp.error.no_such_role"]],
    ["breaks the protocol", [4, "ticket", {}]],
    ["hangs up", undefined],
  ])("whose router %s joins again for the next client", async (_state, said) => {
    const { router, proxy } = await scripted();
    const client = await joins(proxy.url);
    const service = await router.session();
    await service.next();
    if (said) service.says(said);
    else service.hangUp();
    expect(await client.next()).toMatchObject([3, {}, authenticationFailed]);
    await service.closed.promise;
    const other = await joins(proxy.url);
    const again = await router.session();
    await again.next();
    again.says(welcome);
    const [, request] = await again.next();
    again.says([8, 48, request, {}, "com.example.no"]);
    expect(await other.next()).toMatchObject([3, {}, "com.example.no"]);
  });

  test.each([
    ["says GOODBYE", [6, {}, "wamp.close.close_realm"], [6, {}, "wamp.close.goodbye_and_out"]],
    ["sends an event", [36, 1, 1, {}], [6, {}, "wamp.error.protocol_violation"]],
  ])("that is called when its router %s answers and joins again", async (_state, said, answer) => {
    const { router, proxy } = await scripted();
    const client = await joins(proxy.url);
    const service = await router.session();
    await service.next();
    service.says(welcome);
    await service.next();
    service.says(said);
    expect(await service.next()).toEqual(answer);
    expect(await client.next()).toMatchObject([3, {}, authenticationFailed]);
    const other = await joins(proxy.url);
    const again = await router.session();
    await again.next();
    again.says(welcome);
    const [, request, , called] = await again.next();
    expect(called).toBe(procedure);
    again.says([8, 48, request, {}, "com.example.no"]);
    expect(await other.next()).toMatchObject([3, {}, "com.example.no"]);
  });

  test("signs with the node's key where that is how the proxy proves itself", async () => {
    const key = makePrivateKey();
    const path = socketPath();
    const node = { authorized_keys: [publicKeyOf(key)] };
    const principals = { [quietContext.nodeInfo.nodeId]: node };
    const router = await startRouter(path, { "cryptosign-proxy": { type: "static", principals } });
    const proxy = await startProxy(path, { ticket: dynamic }, {}, { key });
    const authenticator = await registerAuthenticator(router.url, "auth", procedure);
    cleanups.push(() => authenticator.leave());
    const client = await joins(proxy.url);
    (await authenticator.asked()).returns("user");
    expect(await client.next()).toMatchObject([2, expect.any(Number), { authrole: "user" }]);
  });

  test("joins another router of its route when one is away", async () => {
    const path = socketPath();
    const router = await startRouter(path);
    const proxy = await startProxy(path, { ticket: dynamic }, {}, { others: [socketPath()] });
    const authenticator = await registerAuthenticator(router.url, "auth", procedure);
    cleanups.push(() => authenticator.leave());
    const client = await joins(proxy.url);
    (await authenticator.asked()).returns("user");
    expect(await client.next()).toMatchObject([2, expect.any(Number), { authrole: "user" }]);
  });

  test("leaves a router that breaks the protocol as soon as it answers", async () => {
    const path = socketPath();
    const left = Promise.withResolvers<void>();
    const listener = Bun.listen({
      unix: path,
      socket: {
        // The handshake, and in the same write a message that is an empty list.
        data: (socket) => void socket.write(Buffer.from("7ff3000000000001" + "80", "hex")),
        close: () => left.resolve(),
      },
    });
    cleanups.push(() => listener.stop(true));
    const proxy = await startProxy(path, { ticket: dynamic });
    const client = await joins(proxy.url);
    expect(await client.next()).toMatchObject([3, {}, authenticationFailed]);
    await left.promise;
  });

  test("that never gets its WELCOME keeps no client longer than the authenticator may take", async () => {
    const { router, proxy } = await scripted({ "authenticator-timeout": 100 });
    const client = await joins(proxy.url);
    await (await router.session()).next();
    expect(await client.next()).toMatchObject([3, {}, authenticationFailed]);
  });

  test("joins no realm without a route, whatever the client asks for", async () => {
    const { proxy } = await scripted({ "authenticator-realm": null });
    const client = await joins(proxy.url);
    expect(await client.next()).toMatchObject([3, {}, authenticationFailed]);
    expect(proxy.logged).toContainEqual([
      "authenticator failed",
      expect.objectContaining({ reason: expect.stringContaining("no route leads to it") }),
    ]);
  });
});

describe("joining", () => {
  const limits: JoiningConfig = {
    hello_timeout: 10_000,
    join_timeout: 10_000,
    authenticate_timeout: 10_000,
    max_auth_failures_per_minute: 0,
  };
  const ticket = {
    type: "static",
    principals: { joe: { ticket: "s3cret", role: "user" } },
  } as const;
  const tooMany = expect.stringContaining("too many attempts from this address failed");

  test("is refused unjudged after so many failed attempts of one address", async () => {
    const path = socketPath();
    await startRouter(path);
    const joining = { ...limits, max_auth_failures_per_minute: 3 };
    const proxy = await startProxy(path, { ticket }, { joining });
    const challenged = await wampSocket(proxy.url);
    challenged.says([1, "realm1", ticketHello]);
    await challenged.next();
    for (const wrong of ["a", "b", "c"]) {
      const client = await joins(proxy.url, ticketHello, wrong);
      expect(await client.next()).toMatchObject([3, {}, authenticationFailed]);
    }
    const other = await wampSocket(proxy.url);
    other.says([1, "realm1", ticketHello]);
    expect(await other.next()).toEqual([3, { message: tooMany }, authenticationFailed]);
    expect((await other.closed).code).toBe(1000);
    challenged.says([5, "s3cret", {}]);
    expect(await challenged.next()).toEqual([3, { message: tooMany }, authenticationFailed]);
    const told = proxy.logged.filter(([text]) => text.startsWith("address refused"));
    expect(told).toEqual([[expect.any(String), { address: "127.0.0.1" }]]);
  });

  test("counts what is proved to the router, too", async () => {
    const path = socketPath();
    const router = await scriptedRouter(path);
    cleanups.push(() => router.close());
    const joining = { ...limits, max_auth_failures_per_minute: 1 };
    const proxy = await startProxy(path, "passthrough", { joining, backend: "router0" });
    const client = await wampSocket(proxy.url);
    client.says([1, "realm1", ticketHello]);
    const session = await router.session();
    await session.next();
    session.says([4, "ticket", {}]);
    await client.next();
    client.says([5, "wrong", {}]);
    await session.next();
    session.says([3, {}, "wamp.error.not_authorized"]);
    expect(await client.next()).toMatchObject([3, {}, "wamp.error.not_authorized"]);
    const other = await wampSocket(proxy.url);
    other.says([1, "realm1", ticketHello]);
    expect(await other.next()).toEqual([3, { message: tooMany }, authenticationFailed]);
  });

  test("does not count a client that nobody could judge", async () => {
    const joining = { ...limits, max_auth_failures_per_minute: 1 };
    const proxy = await startProxy(socketPath(), { ticket: dynamic }, { joining });
    for (const _ of [1, 2, 3]) {
      const client = await joins(proxy.url);
      expect(await client.next()).toMatchObject([
        3,
        { message: expect.stringContaining(generic) },
        authenticationFailed,
      ]);
    }
  });

  test("has an end at each step", async () => {
    const path = socketPath();
    const router = await scriptedRouter(path);
    cleanups.push(() => router.close());
    const within = async (changes: Partial<JoiningConfig>, auth: AuthConfig | "passthrough") => {
      const session = { joining: { ...limits, ...changes }, backend: "router0" };
      const { url } = await startProxy(path, auth, session);
      const client = await wampSocket(url);
      cleanups.push(() => client.close());
      return client;
    };
    const silent = await within({ hello_timeout: 50 }, { ticket });
    expect(await silent.next()).toEqual([
      3,
      { message: "Cannot join: no HELLO within 50 ms" },
      "wamp.error.timeout",
    ]);
    expect((await silent.closed).code).toBe(1008);

    const noProof = "Cannot join: no AUTHENTICATE within 50 ms";
    const challenged = await within({ authenticate_timeout: 50 }, { ticket });
    challenged.says([1, "realm1", ticketHello]);
    await challenged.next();
    expect(await challenged.next()).toEqual([3, { message: noProof }, authenticationFailed]);
    expect((await challenged.closed).code).toBe(1008);

    const passing = await within({ authenticate_timeout: 50 }, "passthrough");
    passing.says([1, "realm1", ticketHello]);
    const session = await router.session();
    await session.next();
    session.says([4, "ticket", {}]);
    await passing.next();
    expect(await passing.next()).toEqual([3, { message: noProof }, authenticationFailed]);
    await session.closed.promise;

    const anonymous = { type: "static", role: "guest" } as const;
    const unwelcome = await within({ join_timeout: 50 }, { anonymous });
    unwelcome.says([1, "realm1", {}]);
    expect(await unwelcome.next()).toEqual([
      3,
      { message: "Cannot join: no WELCOME within 50 ms" },
      "wamp.error.timeout",
    ]);
  });

  test("takes the first authmethod of the client's that is configured, and no other", async () => {
    const { proxy, authenticator } = await whole({
      ticket: dynamic,
      anonymous: { type: "static", role: "guest" },
    });
    const client = await wampSocket(proxy.url);
    cleanups.push(() => client.close());
    const authmethods = ["smartcard", "wampcra", "ticket", "anonymous"];
    client.says([1, "realm1", { authmethods, authid: "joe" }]);
    expect(await client.next()).toEqual([4, "ticket", {}]);
    client.says([5, "wrong", {}]);
    (await authenticator.asked()).raises("com.example.no");
    expect(await client.next()).toMatchObject([3, {}, "com.example.no"]);
    await client.closed;
  });
});
