import { describe, expect, test } from "bun:test";
import { hostname } from "node:os";
import { loadNode, transportsOf } from "../../support/loaded-node.ts";

const key = "0123456789abcdef".repeat(4);

/** Loads one worker of a node. */
async function load(worker: object, controller: object | null = { id: "node1" }) {
  const node = { version: 2, ...(controller && { controller }), workers: [worker] };
  const { config, faults, warnings } = await loadNode(node);
  const below = (sentences: string[]) => sentences.map((one) => one.replace("$.workers[0].", ""));
  return {
    worker: config?.workers[0],
    transports: transportsOf(config),
    faults: below(faults),
    warnings: below(warnings),
  };
}

const unix = (path: string) => ({
  transport: { type: "rawsocket", endpoint: { type: "unix", path } },
});
const tcp = (port: number) => ({
  transport: { type: "rawsocket", endpoint: { type: "tcp", host: "127.0.0.1", port } },
});
const everyone = { anonymous: { type: "static" } };
const signed = { auth: { "cryptosign-proxy": { type: "static" } } };

const proxy = (worker: object, auth: unknown = everyone) => ({
  type: "proxy",
  transports: [{ type: "rawsocket", endpoint: { type: "tcp", port: 8080 }, auth }],
  ...worker,
});

describe("connections and routes", () => {
  test("have their health followed where a route has another, or where it is asked for", async () => {
    const { worker, faults, warnings } = await load(
      proxy({
        connections: {
          a: unix("a"),
          b: { ...unix("b"), health_check: { interval: 5000, fall: 3 } },
          c: unix("c"),
        },
        routes: { realm1: { anonymous: ["a", "b"] }, "*": { "*": "c" } },
        balancing: { policy: "least_sessions" },
      }),
    );
    expect([...faults, ...warnings]).toEqual([]);
    if (worker?.type !== "proxy") throw new Error("expected a proxy");
    const { a, b, c } = worker.connections;
    expect(a?.health_check).toEqual({ interval: 2000, rise: 2, fall: 1, while_up: false });
    expect(b?.health_check).toEqual({ interval: 5000, rise: 2, fall: 3, while_up: true });
    expect(c?.health_check).toBeUndefined();
    expect(worker.balancing).toEqual({ policy: "least_sessions", slow_start: 10_000 });
  });

  test("have nothing to share where no route leads to several", async () => {
    const routes = { realm1: { anonymous: "a" }, "*": { "*": ["b"] } };
    const connections = { a: unix("a"), b: unix("b") };
    const { warnings } = await load(proxy({ connections, routes, balancing: {} }));
    expect(warnings).toEqual(["balancing: has no effect: no route leads to several connections"]);
  });

  test("know every role by *", async () => {
    const routes = { realm1: { "*": "a" } };
    const { warnings } = await load(proxy({ connections: { a: unix("a") }, routes }));
    expect(warnings).toEqual([]);
  });

  test("take a connection that is named twice in a route once, with a warning", async () => {
    const routes = { realm1: { anonymous: ["a", "a"] } };
    const { worker, warnings } = await load(proxy({ connections: { a: unix("a") }, routes }));
    expect(worker?.type === "proxy" && worker.routes).toEqual({ realm1: { anonymous: ["a"] } });
    expect(warnings).toEqual([
      'routes.realm1.anonymous: has no effect: connection "a" is named more than once',
    ]);
  });

  test("are refused with a place where they cannot be meant so", async () => {
    const { faults } = await load(
      proxy({
        connections: {
          a: { ...unix("a"), health_check: { interval: 0, rise: 0, up: 1 } },
          c: {
            transport: {
              type: "rawsocket",
              endpoint: { type: "tcp", host: "10.0.0.7", port: 1, version: 6 },
            },
            ...signed,
          },
        },
        balancing: { policy: "fastest" },
      }),
    );
    expect(faults).toEqual([
      "connections.a.health_check.interval: expected an integer from 1000 to 2147483647, found 0",
      "connections.a.health_check.rise: expected an integer from 1 to 100, found 0",
      'connections.a.health_check.up: unknown attribute "up"',
      'connections.c.transport.endpoint.version: expected 4: host "10.0.0.7" is an address of IPv4, found 6',
      'balancing.policy: expected "round_robin" or "least_sessions", found "fastest"',
    ]);
  });
});

describe("a connection to a name", () => {
  const named = (host: string, changes: object = {}) => ({
    transport: { type: "rawsocket", endpoint: { type: "tcp", host, port: 9000 } },
    ...signed,
    ...changes,
  });

  test("has the name resolved again, and each of several addresses checked", async () => {
    const health_check = { interval: 5000 };
    const { worker, faults, warnings } = await load(
      proxy({
        connections: {
          a: named("routers.example"),
          b: named("localhost", { dns_refresh: 5000, health_check, on_down: "close" }),
          c: named("10.0.0.7", { on_down: "keep" }),
          d: unix("d"),
        },
        routes: { realm1: { anonymous: "a" } },
        balancing: {},
      }),
    );
    expect([...faults, ...warnings]).toEqual([]);
    if (worker?.type !== "proxy") throw new Error("expected a proxy");
    const { a, b, c, d } = worker.connections;
    const check = { interval: 2000, rise: 2, fall: 1, while_up: false };
    expect([a?.dns, a?.health_check]).toEqual([
      { refresh: 30_000, health_check: check },
      undefined,
    ]);
    const asked = { ...check, interval: 5000, while_up: true };
    expect(b?.dns).toEqual({ refresh: 5000, health_check: asked });
    expect([a, b, c, d].map((one) => one?.on_down)).toEqual([
      undefined,
      "close",
      undefined,
      undefined,
    ]);
    expect([c?.dns, d?.dns]).toEqual([undefined, undefined]);
  });

  test("is warned of where there is no name to resolve, and refused where it cannot be meant so", async () => {
    const { faults, warnings } = await load(
      proxy({
        connections: {
          a: named("10.0.0.7", { dns_refresh: 5000 }),
          b: { ...unix("b"), dns_refresh: 5000, on_down: "close" },
        },
        routes: { realm1: { anonymous: "a" } },
      }),
    );
    const sentence = "has no effect: the endpoint has no host with a name";
    expect(faults).toEqual([]);
    expect(warnings).toEqual([
      `connections.a.dns_refresh: ${sentence}`,
      `connections.b.dns_refresh: ${sentence}`,
      "connections.b.on_down: has no effect: without health_check, a router alone in its route is never down",
    ]);
    const wrong = { a: named("a.example", { dns_refresh: 30, on_down: "drop" }) };
    expect((await load(proxy({ connections: wrong }))).faults).toEqual([
      "connections.a.dns_refresh: expected an integer from 1000 to 2147483647, found 30",
      'connections.a.on_down: expected "keep" or "close", found "drop"',
    ]);
  });
});

describe("the proof towards a router", () => {
  const routes = { realm1: { anonymous: "a" } };
  const unproved = "no client that this proxy authenticates can join over this connection: ";

  test("has to be a signature over TCP, else no client joins", async () => {
    const open = await load(proxy({ connections: { a: tcp(9000) }, routes }));
    expect([open.faults, open.warnings]).toEqual([
      [],
      [
        `connections.a.transport.endpoint: ${unproved}over TCP a proxy has to sign (cryptosign-proxy)`,
      ],
    ]);
    expect(open.worker?.type === "proxy" && open.worker.connections["a"]?.auth).toBeNull();
    const { worker, faults, warnings } = await load(
      proxy({ connections: { a: { ...tcp(9000), ...signed } }, routes }),
    );
    expect([...faults, ...warnings]).toEqual([]);
    expect(worker?.type === "proxy" && worker.connections["a"]?.auth).toBe("cryptosign-proxy");
  });

  test("may be none at all, with which no client joins", async () => {
    const connections = { a: { ...unix("a"), auth: {} } };
    const { worker, faults, warnings } = await load(proxy({ connections, routes }));
    expect([faults, warnings]).toEqual([
      [],
      [`connections.a.auth: ${unproved}there is neither "anonymous-proxy" nor "cryptosign-proxy"`],
    ]);
    expect(worker?.type === "proxy" && worker.connections["a"]?.auth).toBeNull();
  });

  test("names the node by the machine where there is no controller.id, with a warning", async () => {
    const worker = proxy({ connections: { a: { ...tcp(9000), ...signed } }, routes });
    const { warnings } = await load(worker, null);
    const disabled = { ...worker, options: { disabled: true } };
    const node = { version: 2, workers: [worker, disabled] };
    expect((await loadNode(node)).warnings).toHaveLength(1);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(
      /^connections\.a\.auth\["cryptosign-proxy"\]: there is no controller\.id/,
    );
    expect(warnings[0]).toContain(
      hostname()
        .toLowerCase()
        .replace(/[^a-z0-9_]/g, "_")
        .slice(0, 8),
    );
  });
});

describe("passthrough", () => {
  const connections = { a: tcp(9000), b: tcp(9001) };

  test("needs no proof, and one way for each realm", async () => {
    for (const routes of [
      { realm1: { anonymous: "a", user: "a" } },
      { realm1: { anonymous: ["a", "b"], user: ["b", "a"] } },
      { realm1: { user: "a", "*": "b" }, "*": { "*": ["a", "b"] } },
    ]) {
      const { transports, faults, warnings } = await load(
        proxy({ connections, routes }, "passthrough"),
      );
      expect([...faults, ...warnings]).toEqual([]);
      expect(transports[0]).toMatchObject({ auth: "passthrough", backend: null });
    }
  });

  test("is refused where the role decides", async () => {
    const routes = { realm1: { anonymous: "a", user: "b" } };
    const { faults } = await load(proxy({ connections, routes }, "passthrough"));
    expect(faults).toEqual([
      'transports[0].auth: passthrough does not know the role, and the roles of realm "realm1" lead to several connections; add a route for role "*"',
    ]);
  });

  test("leaves no connection without a proof to other transports", async () => {
    const routes = { realm1: { "*": "a" } };
    const ws = { type: "websocket", endpoint: { type: "tcp", port: 8081 } };
    const web = {
      type: "web",
      endpoint: { type: "tcp", port: 8082 },
      paths: { p: { type: "path", paths: { ws: { type: "websocket", auth: "passthrough" } } } },
    };
    const transports = [{ ...ws, auth: "passthrough" }, web];
    expect((await load({ type: "proxy", connections, routes, transports })).faults).toEqual([]);
    const { warnings } = await load({
      type: "proxy",
      connections: { a: tcp(9000) },
      routes,
      transports: [web, { ...ws, auth: everyone }],
    });
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toStartWith("connections.a.transport.endpoint: no client that this proxy");
  });

  test("is for proxies, and is the only word for auth", async () => {
    const at = { type: "rawsocket", endpoint: { type: "unix", path: "r.sock" } };
    const router = (auth: string) => ({ type: "router", transports: [{ ...at, auth }] });
    expect((await load(router("passthrough"))).faults).toEqual([
      "transports[0].auth: passthrough is for proxy workers; a router authenticates by itself",
    ]);
    expect((await load(router("passthru"))).faults).toEqual([
      'transports[0].auth: expected "passthrough", found "passthru"',
    ]);
  });
});

const forRouters = "has no effect: clients of a proxy cannot vouch for others; it is for routers";

describe("authmethod anonymous-proxy", () => {
  const router = (endpoint: object, item: object) => ({
    type: "router",
    transports: [{ type: "rawsocket", endpoint, auth: { ...everyone, "anonymous-proxy": item } }],
  });
  const at = 'transports[0].auth["anonymous-proxy"]';
  const believed = { type: "static" };

  test("has no effect over TCP, where any client could claim any identity", async () => {
    const overTcp = router({ type: "tcp", port: 8080 }, believed);
    const { transports, faults, warnings } = await load(overTcp);
    expect(faults).toEqual([]);
    expect(warnings).toContain(
      `${at}: has no effect: over TCP it proves nothing; it needs a Unix socket, or cryptosign-proxy in its place`,
    );
    const auth = { anonymous: { type: "static", role: "anonymous" } };
    expect(transports[0]).toHaveProperty("auth", auth);
  });

  test("asks no authenticator, as in Crossbar", async () => {
    const dynamic = { type: "dynamic", authenticator: "com.example.node" };
    const { transports, faults, warnings } = await load(
      router({ type: "unix", path: "r" }, dynamic),
    );
    expect(faults).toEqual([]);
    expect(warnings).toContain(
      `${at}.type: not honoured: the proxy is believed, and no authenticator is asked`,
    );
    expect(transports[0]).toMatchObject({ auth: { "anonymous-proxy": believed } });
  });
});

describe("authmethod cryptosign-proxy", () => {
  const router = (principals: unknown, type = "static") => ({
    type: "router",
    transports: [
      {
        type: "rawsocket",
        endpoint: { type: "tcp", port: 9000 },
        auth: { "cryptosign-proxy": { type, principals } },
      },
    ],
  });
  const at = 'transports[0].auth["cryptosign-proxy"]';

  test("takes nodes with their keys", async () => {
    const node1 = { authorized_keys: [key.toUpperCase()], role: "user" };
    const { transports, faults, warnings } = await load(router({ node1 }));
    expect(faults).toEqual([]);
    expect(transports[0]).toMatchObject({
      auth: {
        "cryptosign-proxy": { type: "static", principals: { node1: { authorized_keys: [key] } } },
      },
    });
    expect(warnings).toEqual([
      `${at}.principals.node1.role: not honoured: the proxy names the role of each session`,
    ]);
  });

  test("asks an authenticator", async () => {
    const permissions = [{ uri: "com.example.*", allow: { register: true } }];
    const realms = [{ name: "auth", roles: [{ name: "authenticator", permissions }] }];
    const dynamic = { type: "dynamic", authenticator: "com.example.node" };
    const [transport] = router({}).transports;
    const auth = { "cryptosign-proxy": { ...dynamic, "authenticator-realm": "auth" } };
    const written = { ...router({}), realms, transports: [{ ...transport, auth }] };
    const { transports, faults, warnings } = await load(written);
    expect([...faults, ...warnings]).toEqual([]);
    expect(transports[0]).toMatchObject({ auth });
    const onProxy = await load(proxy({}, { "cryptosign-proxy": dynamic }));
    expect(onProxy.faults).toEqual([]);
    expect(onProxy.warnings).toContain(`${at}: ${forRouters}`);
  });

  test("refuses what is no key", async () => {
    const principals = { node1: { authorized_keys: ["12"] }, node2: { authorized_keys: [] } };
    expect((await load(router(principals))).faults).toEqual([
      `${at}.principals.node1.authorized_keys[0]: expected 32 octets in hex, found something else`,
    ]);
  });

  test.each([
    ["cryptosign-proxy", { type: "static", principals: {} }],
    ["anonymous-proxy", { type: "static" }],
    ["anonymous-proxy", { type: "dynamic", authenticator: "com.example.node" }],
  ])("is no %s of the clients of a proxy, as %j", async (method, item) => {
    const { transports, faults, warnings } = await load(proxy({}, { [method]: item }));
    expect(faults).toEqual([]);
    expect(warnings).toContain(`transports[0].auth["${method}"]: ${forRouters}`);
    expect(transports[0]).toHaveProperty("auth", {});
  });
});
