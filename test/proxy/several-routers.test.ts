/** A proxy worker whose one route leads to several routers, some of which are not there. */

import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { isSigned, makeChallenge } from "#auth/cryptosign-challenge.ts";
import { makePrivateKey, publicKeyOf } from "#base/ed25519.ts";
import type { BalancingConfig, ConnectionConfig } from "#config/connection/connection-config.ts";
import type { SessionConfig } from "#config/options/session-config.ts";
import { encodeMessage } from "#wamp/serializer/message-values.ts";
import { afterTest } from "../support/cleanups.ts";
import { connectionTo, startProxy } from "../support/proxy-worker.ts";
import { quietContext } from "../support/quiet-context.ts";
import { scriptedRouter } from "../support/scripted-router.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { webSocketTransport } from "../support/transports.ts";
import { wampSocket } from "../support/wamp-socket.ts";

const folder = temporaryFolder();

let count = 0;
const newPath = () => join(folder, `router${count++}.sock`);

const router = async (path = newPath()) => ({ path, ...(await scriptedRouter(path)) });

/** A router that accepts connections and sends nothing. */
function silentRouter() {
  const path = newPath();
  const listener = Bun.listen({ unix: path, socket: { data() {} } });
  afterTest(() => listener.stop(true));
  return { path };
}

interface Settings {
  auth?: SessionConfig["auth"];
  balancing?: BalancingConfig;
  changes?: Partial<ConnectionConfig>;
  nodeKey?: string;
  /** How long the first router may take to answer. */
  firstWithinMs?: number;
}

/** A proxy in front of routers at these paths, with a log that can be waited for. */
async function proxy(paths: string[], settings: Settings = {}) {
  const logged: [string, Record<string, unknown>][] = [];
  let wake = () => {};
  const keep = (message: string, fields: object = {}) => {
    logged.push([message, { ...fields }]);
    wake();
  };
  const health_check = { interval: 10, rise: 2, fall: 1, while_up: false };
  const connections = paths.map((path, index): [string, ConnectionConfig] => {
    const timeoutMs = index === 0 ? (settings.firstWithinMs ?? 10_000) : 10_000;
    const connection = connectionTo(`router${index}`, path, { timeoutMs });
    return [connection.id, { ...connection, health_check, ...settings.changes }];
  });
  const auth = settings.auth ?? { anonymous: { type: "static", role: "anonymous" } };
  const worker = await startProxy(
    {
      connections: Object.fromEntries(connections),
      routes: { realm1: { anonymous: connections.map(([id]) => id) } },
      ...(settings.balancing && { balancing: settings.balancing }),
      transports: [webSocketTransport({}, { auth })],
    },
    {
      log: { error: keep, warn: keep, info: keep, debug: () => {} },
      nodeKey: settings.nodeKey ?? null,
    },
  );
  const changes = () => logged.filter(([message]) => /^router (up|down)$/.test(message));
  return {
    url: worker.url,
    changes: () => changes().map(([message, { connection }]) => `${message} ${connection}`),
    async untilLogged(wanted: string) {
      while (
        !changes().some(([message, { connection }]) => `${message} ${connection}` === wanted)
      ) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    /** Why routers were down, in order. */
    reasons: () => changes().map(([, { reason }]) => reason),
    logged,
  };
}

/** A client that has sent HELLO. */
async function hello(url: string, details: object = { roles: { caller: {} } }) {
  const client = await wampSocket(url);
  client.says([1, "realm1", details]);
  return { ...client, close: () => client.socket.terminate() };
}

const noRouter = [3, { message: "Cannot join: no router answers" }, "wamp.error.network_failure"];

describe("a session goes to the next router", () => {
  test("when the first is not there; that is said once", async () => {
    const there = await router();
    const { url, changes } = await proxy([newPath(), there.path]);
    for (const session of [11, 12, 13]) {
      const client = await hello(url);
      await (await there.session()).welcome(session);
      expect((await client.next()).slice(0, 2)).toEqual([2, session]);
    }
    expect(changes()).toEqual(["router down router0"]);
  });

  test("when the first accepts the connection and does not answer the handshake", async () => {
    const there = await router();
    const { url } = await proxy([silentRouter().path, there.path], { firstWithinMs: 200 });
    const client = await hello(url);
    await (await there.session()).welcome(11);
    expect((await client.next())[1]).toBe(11);
  });

  test("when the first says nothing to HELLO", async () => {
    const [first, second] = [await router(), await router()];
    const paths = [first.path, second.path];
    const { url, changes, reasons } = await proxy(paths, { firstWithinMs: 200 });
    const client = await hello(url);
    const silent = await first.session();
    await (await second.session()).welcome(11);
    expect((await client.next())[1]).toBe(11);
    await silent.closed.promise;
    expect(changes()[0]).toBe("router down router0");
    expect(reasons()[0]).toEndWith(": no WELCOME within 200 ms");
  });

  test("when the first hangs up before its WELCOME; the next is told the same", async () => {
    const [first, second] = [await router(), await router()];
    const { url, changes } = await proxy([first.path, second.path]);
    const client = await hello(url);
    const lost = await first.session();
    const told = await lost.next();
    lost.hangUp();
    expect(await (await second.session()).welcome(11)).toEqual(told);
    expect((await client.next())[1]).toBe(11);
    // It is there, as the check finds, so that one client's words do not harm the others.
    await first.session();
    await hello(url);
    await (await second.session()).welcome(12);
    await hello(url);
    expect((await (await first.session()).next())[0]).toBe(1);
    expect(changes()).toEqual([]);
  });

  test.each([
    ["is no message", Buffer.from("ff", "hex")],
    ["is a message that may not come now", encodeMessage([36, 1, 2, {}], "cbor")],
    ["is a WELCOME that cannot be read", Buffer.from("830201ff", "hex")],
  ])("when what the first answers %s", async (_, answer) => {
    const [first, second] = [await router(), await router()];
    const balancing = { policy: "least_sessions", slow_start: 0 } as const;
    const { url, changes } = await proxy([first.path, second.path], { balancing });
    // It has the fewest sessions each time, and would have all clients.
    for (const session of [11, 12]) {
      const client = await hello(url);
      const senseless = await first.session();
      await senseless.next();
      senseless.saysOctets(answer as Uint8Array);
      await (await second.session()).welcome(session);
      expect((await client.next())[1]).toBe(session);
      await senseless.closed.promise;
      // The check finds it there.
      await first.session();
    }
    expect(changes()).toEqual([]);
  });

  test("when the first dies over its HELLO, and the check finds it gone", async () => {
    const [first, second] = [await router(), await router()];
    const { url, untilLogged } = await proxy([first.path, second.path]);
    const client = await hello(url);
    await (await first.session()).next();
    await first.close();
    await (await second.session()).welcome(11);
    expect((await client.next())[1]).toBe(11);
    await untilLogged("router down router0");
  });

  test("when the first shuts down, but not when it refuses", async () => {
    const [first, second] = [await router(), await router()];
    const { url, reasons } = await proxy([first.path, second.path]);
    const client = await hello(url);
    const leaving = await first.session();
    await leaving.next();
    leaving.says([3, {}, "wamp.close.system_shutdown"]);
    const refusing = await second.session();
    await refusing.next();
    refusing.says([3, { message: "no" }, "wamp.error.no_such_role"]);
    expect(await client.next()).toEqual([3, { message: "no" }, "wamp.error.no_such_role"]);
    expect(reasons()[0]).toEndWith(": it shuts down");
  });

  test("not when the first refuses, though there is a second", async () => {
    const [first, second] = [await router(), await router()];
    const { url } = await proxy([first.path, second.path]);
    const client = await hello(url);
    const refusing = await first.session();
    await refusing.next();
    refusing.says([3, { message: "no" }, "wamp.error.no_such_role"]);
    expect(await client.next()).toEqual([3, { message: "no" }, "wamp.error.no_such_role"]);
    const other = await hello(url);
    await (await second.session()).welcome(11);
    expect((await other.next())[1]).toBe(11);
  });

  test("not with a HELLO that a router has already been told in the client's words", async () => {
    const [first, second] = [await router(), await router()];
    const { url, changes } = await proxy([first.path, second.path], { auth: "passthrough" });
    const client = await hello(url);
    const lost = await first.session();
    expect(await lost.next()).toEqual([1, "realm1", { roles: { caller: {} } }]);
    lost.hangUp();
    expect((await client.next())[2]).toBe("wamp.error.network_failure");
    expect(changes()).toEqual([]);
    await hello(url);
    expect((await (await second.session()).next())[0]).toBe(1);
  });

  test("with the client's HELLO when the first is not there", async () => {
    const there = await router();
    const { url } = await proxy([newPath(), there.path], { auth: "passthrough" });
    const details = { roles: { caller: {} }, authmethods: ["ticket"], authid: "joe" };
    const client = await hello(url, details);
    const session = await there.session();
    expect(await session.next()).toEqual([1, "realm1", details]);
    session.says([4, "ticket", {}]);
    expect(await client.next()).toEqual([4, "ticket", {}]);
    client.says([5, "secret", {}]);
    expect(await session.next()).toEqual([5, "secret", {}]);
  });
});

describe("a client is refused with one sentence", () => {
  test("when all routers are away, as often as it tries", async () => {
    const { url, changes, logged } = await proxy([newPath(), newPath(), newPath()]);
    for (let times = 0; times < 2; times++)
      expect(await (await hello(url)).next()).toEqual(noRouter);
    expect(changes().toSorted()).toEqual([0, 1, 2].map((index) => `router down router${index}`));
    const [, fields] = logged.find(([message]) => message === "router failed") ?? [];
    expect(fields?.["reason"]).toMatch(/^Cannot join: none of 3 routers takes the session; cannot/);
  });

  test("when all hang up", async () => {
    const [first, second] = [await router(), await router()];
    const { url } = await proxy([first.path, second.path]);
    const client = await hello(url);
    for (const one of [first, second]) {
      const session = await one.session();
      await session.next();
      session.hangUp();
    }
    expect((await client.next())[2]).toBe("wamp.error.network_failure");
  });

  test("when its realm has no route", async () => {
    const there = await router();
    const { url } = await proxy([there.path], { auth: "passthrough" });
    const client = await hello(url);
    await (await there.session()).next();
    client.close();
    const stranger = new WebSocket(url, ["wamp.2.json"]);
    afterTest(() => stranger.terminate());
    const answer = new Promise<string>((resolve) => {
      stranger.onmessage = ({ data }) => resolve(String(data));
    });
    stranger.onopen = () => stranger.send('[1,"realm2",{"roles":{"caller":{}}}]');
    expect(JSON.parse(await answer)[2]).toBe("wamp.error.no_such_realm");
  });
});

describe("a router that comes back", () => {
  test("is found by a check, and used again", async () => {
    const back = newPath();
    const there = await router();
    const balancing = { policy: "least_sessions", slow_start: 0 } as const;
    const { url, untilLogged, changes } = await proxy([back, there.path], { balancing });
    await hello(url);
    await (await there.session()).welcome(11);
    await untilLogged("router down router0");
    const returned = await router(back);
    await untilLogged("router up router0");
    // Two checks came before the session.
    await returned.session();
    await returned.session();
    await hello(url);
    expect((await (await returned.session()).next())[0]).toBe(1);
    expect(changes()).toEqual(["router down router0", "router up router0"]);
  });

  test("is looked at while it is up where that is asked for", async () => {
    const gone = await router();
    const there = await router();
    const health_check = { interval: 10, rise: 1, fall: 2, while_up: true };
    const { untilLogged } = await proxy([gone.path, there.path], { changes: { health_check } });
    await gone.close();
    await untilLogged("router down router0");
  });
});

describe("the policy least_sessions", () => {
  test("counts sessions as long as they last", async () => {
    const [first, second] = [await router(), await router()];
    const balancing = { policy: "least_sessions", slow_start: 0 } as const;
    const { url } = await proxy([first.path, second.path], { balancing });
    const join = async (one: typeof first, session: number) => {
      const client = await hello(url);
      const side = await one.session();
      await side.welcome(session);
      expect((await client.next())[1]).toBe(session);
      return { client, side };
    };
    await join(first, 1);
    const ending = await join(second, 2);
    await join(second, 3);
    await join(first, 4);
    ending.client.close();
    await ending.side.closed.promise;
    await join(second, 5);
  });
});

describe("cryptosign-proxy", () => {
  const nodeKey = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb";
  const changes = { auth: "cryptosign-proxy" } as const;

  test("says HELLO as Crossbar's proxies do, and signs a challenge once", async () => {
    const there = await router();
    const { url } = await proxy([there.path], { changes, nodeKey });
    const client = await hello(url, { roles: { callee: { features: { call_canceling: true } } } });
    const session = await there.session();
    const [, realm, details] = await session.next();
    expect(realm).toBe("realm1");
    expect(details).toMatchObject({
      roles: { callee: { features: { call_canceling: true } } },
      authid: quietContext.nodeInfo.nodeId,
      authmethods: ["cryptosign-proxy"],
      authextra: {
        pubkey: publicKeyOf(nodeKey),
        proxy_realm: "realm1",
        proxy_authrole: "anonymous",
        proxy_authmethod: "anonymous",
        proxy_authprovider: "static",
        proxy_authextra: {
          transport: { channel_type: "tcp", channel_framing: "websocket", is_secure: false },
        },
      },
    });
    const challenge = makeChallenge();
    session.says([4, "cryptosign-proxy", { challenge, channel_binding: null }]);
    const [type, signature] = await session.next();
    expect(type).toBe(5);
    expect(isSigned(challenge, String(signature), publicKeyOf(nodeKey))).toBe(true);
    session.says([4, "cryptosign-proxy", { challenge: makeChallenge() }]);
    expect((await client.next())[2]).toBe("wamp.error.network_failure");
  });

  test.each([
    ["another method", [4, "cryptosign", { challenge: makeChallenge() }]],
    ["something else to sign", [4, "cryptosign-proxy", { challenge: "00" }]],
    [
      "a bound channel",
      [4, "cryptosign-proxy", { challenge: makeChallenge(), channel_binding: "tls-unique" }],
    ],
  ])("signs nothing for a router that asks for %s", async (_name, challenge) => {
    const there = await router();
    const { url } = await proxy([there.path], { changes, nodeKey });
    const client = await hello(url);
    const session = await there.session();
    await session.next();
    session.says(challenge);
    expect((await client.next())[2]).toBe("wamp.error.network_failure");
  });
});

test("a router that is trusted over its Unix socket gets no signature", async () => {
  const there = await router();
  const nodeKey = makePrivateKey();
  const { url } = await proxy([there.path], { nodeKey });
  const client = await hello(url);
  const session = await there.session();
  await session.next();
  session.says([4, "cryptosign-proxy", { challenge: makeChallenge() }]);
  expect((await client.next())[2]).toBe("wamp.error.network_failure");
});

describe("a connection without a proof for its router", () => {
  const unproved = { changes: { auth: null } };

  test("is not opened; the client is told, and the log says why", async () => {
    const path = newPath();
    const opened: unknown[] = [];
    const open = (socket: unknown) => void opened.push(socket);
    const listener = Bun.listen({ unix: path, socket: { open, data() {} } });
    afterTest(() => listener.stop(true));
    const { url, logged } = await proxy([path], unproved);
    const client = await hello(url);
    expect(await client.next()).toEqual([
      3,
      { message: "Cannot join: the proxy cannot vouch for its clients to the router" },
      "wamp.error.authentication_failed",
    ]);
    const reason =
      'Cannot join over connection "router0": the proxy has no proof for its router, which needs cryptosign-proxy';
    expect(logged.map(([message, fields]) => [message, fields["reason"]])).toContainEqual([
      "client refused",
      reason,
    ]);
    expect(opened).toEqual([]);
  });

  test("carries clients that the router authenticates", async () => {
    const there = await router();
    const { url } = await proxy([there.path], { ...unproved, auth: "passthrough" });
    const client = await hello(url);
    await (await there.session()).welcome(11);
    expect((await client.next())[1]).toBe(11);
  });
});

describe("WELCOME", () => {
  test("has what the router says of the session, and nothing of the machines behind", async () => {
    const there = await router();
    const { url } = await proxy([there.path]);
    const client = await hello(url, {
      roles: { caller: {} },
      authextra: { colour: "red", size: 1 },
    });
    const session = await there.session();
    await session.next();
    session.says([
      2,
      7,
      {
        roles: { broker: { features: { x: true } } },
        realm: "realm7",
        authid: "joe",
        authrole: "boss",
        authmethod: "anonymous-proxy",
        authextra: { size: 2, x_cb_pid: 1, transport: { peer: "unix" } },
        x_cb_node: "node1",
      },
    ]);
    expect(await client.next()).toEqual([
      2,
      7,
      {
        roles: { broker: { features: { x: true } } },
        realm: "realm7",
        authid: "joe",
        authrole: "boss",
        authmethod: "anonymous",
        authprovider: "static",
        authextra: { colour: "red", size: 2 },
      },
    ]);
  });
});
