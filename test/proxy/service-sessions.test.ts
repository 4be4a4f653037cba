/** Service sessions where clients ask for realms without end. */

import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { RealmRoutes } from "#proxy/routing/realm-routes.ts";
import { ServiceSessions } from "#proxy/service/service-sessions.ts";
import { afterTest } from "../support/cleanups.ts";
import { keptLog } from "../support/kept-log.ts";
import { connectionTo } from "../support/proxy-worker.ts";
import { quiet } from "../support/quiet-context.ts";
import { type RouterSide, scriptedRouter } from "../support/scripted-router.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** As many as a worker keeps. */
const PLACES = 256;

async function start() {
  const path = join(temporaryFolder(), "router.sock");
  const router = await scriptedRouter(path);
  const routes = new RealmRoutes(
    {
      connections: { router: connectionTo("router", path) },
      routes: { "*": { "*": ["router"] } },
    },
    quiet,
  );
  const { log, logged } = keptLog("info", "warn");
  const services = new ServiceSessions({ routes, node: { nodeId: "node" }, log });
  afterTest(() => routes.stop());
  afterTest(() => services.shutdown());
  const ask = (realm: string, role: string | null = null, backend: string | null = null) => {
    const { signal } = new AbortController();
    const call = { realm, role, procedure: "com.example.auth", args: [], signal };
    const answer = services.through(backend).call(call);
    answer.catch(() => {});
    return answer;
  };
  /** The session that has just come joins, and its first call is answered. */
  const answered = async (answer: Promise<unknown>) => {
    // A call that is refused brings no session.
    const session = await Promise.race([router.session(), answer.then(() => undefined)]);
    if (session === undefined) throw new Error("expected a session before the answer");
    await session.welcome();
    expect((await session.next())[0]).toBe(48);
    session.says([50, 1, {}, ["user"]]);
    expect(await answer).toBe("user");
    return session;
  };
  return { router, routes, ask, answered, services, logged };
}

/** What a session of the router has asked for in its HELLO: realm and role. */
async function askedFor(session: RouterSide) {
  const [, realm, details] = await session.welcome();
  const { proxy_authrole } = (details as { authextra: Record<string, unknown> }).authextra;
  return [realm, proxy_authrole];
}

test("a session is for one connection, realm and role, by default that of Crossbar", async () => {
  const { router, ask } = await start();
  const asks = [["a"], ["a", "user"], ["b"], ["a", null, "router"]] as const;
  for (const [realm, role = null, backend = null] of asks) {
    for (const _ of [1, 2]) void ask(realm, role, backend);
  }
  const seen: unknown[] = [];
  for (const _ of asks) {
    const session = await router.session();
    const asked = await askedFor(session);
    expect([await session.next(), await session.next()].map(([type]) => type)).toEqual([48, 48]);
    seen.push(asked.join(" "));
  }
  expect(seen.toSorted()).toEqual(["a trusted", "a trusted", "a user", "b trusted"]);
});

test("subscriptions have a session of their own, which gets what the worker publishes", async () => {
  const { router, ask, services } = await start();
  void ask("a", "user");
  const receiver = { onEvent() {}, onEnd() {} };
  const pattern = { topic: "a.b", match: "exact" } as const;
  void services.subscribe({ realm: "a", role: "user", pattern, receiver }).catch(() => {});
  const types: unknown[] = [];
  for (const _ of [1, 2]) {
    const session = await router.session();
    expect(await askedFor(session)).toEqual(["a", "user"]);
    types.push((await session.next())[0]);
  }
  expect(types.toSorted()).toEqual([32, 48]);
});

test("a connection that is named is used without a route", async () => {
  const { router, ask } = await start();
  // No route leads to a realm whose name is no URI.
  await expect(ask("a b")).rejects.toThrow("no route leads to it");
  void ask("a b", "user", "router");
  expect(await askedFor(await router.session())).toEqual(["a b", "user"]);
});

test("a publication of a Web service goes over such a session", async () => {
  const { router, services } = await start();
  const published = services.request({
    kind: "publish",
    realm: "a",
    role: "publisher",
    uri: "com.a",
    options: { acknowledge: true },
    payload: { serializer: "json", items: [] },
    signal: new AbortController().signal,
  });
  const session = await router.session();
  expect(await askedFor(session)).toEqual(["a", "publisher"]);
  expect(await session.next()).toEqual([16, 1, { acknowledge: true }, "com.a"]);
  session.says([17, 1, 9]);
  expect(await published).toEqual({ kind: "published", publication: 9 });
});

/** A client of a Web service. */
const client = (authid: string) => ({ authid, authmethod: "bearer", authprovider: "issuer" });

describe("what a Web service asks for in the name of a client", () => {
  const publish = (services: ServiceSessions, authid: string, role = "user") => {
    const published = services.request({
      kind: "publish",
      realm: "a",
      role,
      principal: client(authid),
      uri: "com.a",
      options: {},
      payload: { serializer: "json", items: [] },
      signal: new AbortController().signal,
    });
    published.catch(() => {});
    return published;
  };
  const vouched = async (session: RouterSide) => {
    const [, , details] = await session.welcome();
    const { authextra } = details as { authextra: Record<string, unknown> };
    const names = ["authid", "authrole", "authmethod", "authprovider"];
    return names.map((name) => authextra[`proxy_${name}`]).join(" ");
  };

  test("goes over a session of this client and role, which the proxy vouches for", async () => {
    const { router, ask, services, logged } = await start();
    void ask("a", "user");
    await askedFor(await router.session());
    const seen: string[] = [];
    for (const [authid, role] of [
      ["alice", "user"],
      ["bob", "user"],
      ["bob", "boss"],
    ] as const) {
      void publish(services, authid, role);
      void publish(services, authid, role);
      const session = await router.session();
      seen.push(await vouched(session));
      expect([await session.next(), await session.next()].map(([type]) => type)).toEqual([16, 16]);
    }
    expect(seen).toEqual([
      "alice user bearer issuer",
      "bob user bearer issuer",
      "bob boss bearer issuer",
    ]);
    expect(logged.map(([event]) => event)).toEqual(["service session joined"]);
  });

  test("has a session of its own for events", async () => {
    const { router, services } = await start();
    const receiver = { onEvent() {}, onEnd() {} };
    const pattern = { topic: "a.b", match: "exact" } as const;
    const principal = client("alice");
    const subscription = { realm: "a", role: "user", principal, pattern, receiver };
    services.subscribe(subscription).catch(() => {});
    void publish(services, "alice");
    const types: unknown[] = [];
    for (const _ of [1, 2]) {
      const session = await router.session();
      expect(await vouched(session)).toBe("alice user bearer issuer");
      types.push((await session.next())[0]);
    }
    expect(types.toSorted()).toEqual([16, 32]);
  });

  test("displaces no session of the proxy's own", async () => {
    const { router, services, ask } = await start();
    void ask("a");
    const own = await router.session();
    await askedFor(own);
    for (let count = 0; count < 2 * PLACES; count++) {
      void publish(services, `client${count}`);
      await router.session();
    }
    void ask("a");
    expect([await own.next(), await own.next()].map(([type]) => type)).toEqual([48, 48]);
  });

  test("leaves nothing behind when the worker shuts down", async () => {
    const { router, services } = await start();
    void publish(services, "alice");
    const session = await router.session();
    await vouched(session);
    await session.next();
    services.shutdown();
    expect(await session.next()).toEqual([6, {}, "wamp.close.system_shutdown"]);
    await expect(publish(services, "alice")).rejects.toThrow("the worker shuts down");
  });
});

test("a session that joins, and one that is lost, are in the log; one that is left is not", async () => {
  const { ask, answered, services, logged } = await start();
  const lost = await answered(ask("a"));
  lost.says([6, {}, "wamp.close.close_realm"]);
  await lost.closed.promise;
  const left = await answered(ask("b"));
  services.shutdown();
  await left.closed.promise;
  const reason = "the router said GOODBYE wamp.close.close_realm";
  expect(logged).toEqual([
    ["service session joined", { realm: "a", authrole: "trusted" }],
    ["service session lost", { realm: "a", authrole: "trusted", reason }],
    ["service session joined", { realm: "b", authrole: "trusted" }],
  ]);
});

test("a session that was lost joins again", async () => {
  const { router, ask, answered } = await start();
  const lost = await answered(ask("a"));
  lost.hangUp();
  await lost.closed.promise;
  void ask("a").catch(() => void ask("a"));
  expect(await askedFor(await router.session())).toEqual(["a", "trusted"]);
});

test("attempts to join follow each other in growing distances", async () => {
  const { router, ask } = await start();
  let before = Number.NEGATIVE_INFINITY;
  for (const distance of [0, 100, 200, 400]) {
    const answer = ask("a");
    const session = await router.session();
    const now = performance.now();
    // A timer may fire a millisecond early.
    expect(now - before).toBeGreaterThanOrEqual(distance - 2);
    // The longest one is two seconds.
    if (distance > 0) expect(now - before).toBeLessThan(distance + 1_000);
    before = now;
    session.hangUp();
    await answer.catch(() => {});
  }
});

describe("when the worker shuts down", () => {
  const refusal = {
    message: "Cannot join as a service session: the worker shuts down",
    source: "internal",
  };

  test("every session is left, and none joins", async () => {
    const { ask, answered, services } = await start();
    const sessions = [await answered(ask("a")), await answered(ask("b"))];
    services.shutdown();
    for (const session of sessions) {
      expect(await session.next()).toEqual([6, {}, "wamp.close.system_shutdown"]);
      await session.closed.promise;
    }
    await expect(ask("a")).rejects.toMatchObject(refusal);
    await expect(ask("c")).rejects.toMatchObject(refusal);
  });

  test("a session that is joining is left as soon as it has joined", async () => {
    const { router, ask, services } = await start();
    void ask("a");
    const session = await router.session();
    services.shutdown();
    await session.welcome();
    expect(await session.next()).toEqual([6, {}, "wamp.close.system_shutdown"]);
  });

  test("requests that wait for the next attempt are refused", async () => {
    const { router, ask, services } = await start();
    const failed = ask("a");
    (await router.session()).hangUp();
    await failed.catch(() => {});
    const waiting = ask("a");
    services.shutdown();
    await expect(waiting).rejects.toMatchObject(refusal);
  });
});

test("realms that no router answers about make room for one that is there", async () => {
  const { router, ask, answered } = await start();
  const known = await answered(ask("known"));
  for (let count = 0; count < PLACES; count++) {
    void ask(`realm${count}`);
    await router.session();
  }
  await answered(ask("realm1000"));
  const again = ask("known");
  expect((await known.next())[0]).toBe(48);
  known.says([50, 2, {}, ["user"]]);
  expect(await again).toBe("user");
});

test("there is no room while all sessions are in use", async () => {
  const { router, ask } = await start();
  for (let count = 0; count < PLACES; count++) {
    void ask(`realm${count}`);
    const session = await router.session();
    await session.welcome();
    await session.next();
  }
  await expect(ask("realm1000")).rejects.toMatchObject({
    message: "Cannot join as a service session: 256 realms and roles are in use",
    source: "internal",
  });
});

test("a session that was lost makes room, unless it joins again", async () => {
  const { router, ask, answered, logged } = await start();
  const lost = await answered(ask("lost"));
  for (let count = 1; count < PLACES; count++) {
    void ask(`realm${count}`);
    const session = await router.session();
    await session.welcome();
    await session.next();
  }
  lost.hangUp();
  while (logged.at(-1)?.[0] !== "service session lost") {
    await new Promise((resolve) => setImmediate(resolve));
  }
  const again = ask("lost");
  const joining = await router.session();
  await expect(ask("other")).rejects.toThrow("256 realms and roles are in use");
  joining.hangUp();
  await again.catch(() => {});
  await answered(ask("other"));
});

test("requests for a realm that makes room are told so", async () => {
  const { router, ask } = await start();
  const failed = ask("none");
  (await router.session()).hangUp();
  await failed.catch(() => {});
  for (let count = 1; count < PLACES; count++) {
    void ask(`realm${count}`);
    await router.session();
  }
  const waiting = ask("none");
  // None of these has ever joined: each further realm takes the room of another.
  for (let count = 1; count <= PLACES; count++) void ask(`other${count}`);
  await expect(waiting).rejects.toMatchObject({
    message: "Cannot join as a service session: its room is needed",
  });
});

test("unused sessions make room, the longest unused first, and those in use do not", async () => {
  const { ask, answered } = await start();
  const busy = await answered(ask("busy"));
  const waiting = ask("busy");
  expect((await busy.next())[0]).toBe(48);
  const unused = await answered(ask("unused"));
  for (let count = 2; count < PLACES; count++) await answered(ask(`realm${count}`));
  await answered(ask("realm1000"));
  expect(await unused.next()).toEqual([6, {}, "wamp.close.close_realm"]);
  busy.says([50, 2, {}, ["user"]]);
  expect(await waiting).toBe("user");
});

test("over another route there is another session; the one before leaves when it is answered", async () => {
  const { routes, ask, answered, services } = await start();
  const before = await answered(ask("a"));
  const waiting = ask("a");
  expect((await before.next())[0]).toBe(48);

  const path = join(temporaryFolder(), "other.sock");
  const other = await scriptedRouter(path);
  const connections = { router: connectionTo("router", path) };
  const next = new RealmRoutes({ connections, routes: { a: { "*": ["router"] } } }, quiet, routes);
  afterTest(() => next.stop());
  services.use(next, { nodeId: "node" });
  const moved = ask("a");
  const session = await other.session();
  await session.welcome();
  expect((await session.next())[0]).toBe(48);
  session.says([50, 1, {}, ["new"]]);
  expect(await moved).toBe("new");
  before.says([50, 2, {}, ["old"]]);
  expect(await waiting).toBe("old");
  expect(await before.next()).toEqual([6, {}, "wamp.close.close_realm"]);
  await expect(ask("b")).rejects.toThrow("no route leads to it");
});

test("a session on a route that stays goes on", async () => {
  const { routes, ask, answered, services } = await start();
  const session = await answered(ask("a"));
  services.use(routes, { nodeId: "node" });
  const again = ask("a");
  expect((await session.next())[0]).toBe(48);
  session.says([50, 2, {}, ["again"]]);
  expect(await again).toBe("again");
});
