/** Path type `sse`: events of a router reach listeners of a proxy worker, and of a router worker. */

import { beforeEach, describe, expect, test } from "bun:test";
import { createHmac } from "node:crypto";
import { join } from "node:path";
import type { RouterWorkerConfig } from "#config/node/worker-config.ts";
import type { WebTransportConfig } from "#config/transport/transport-config.ts";
import type { EventStreamServiceConfig } from "#config/web-service/event-stream-config.ts";
import type { WebServiceConfig } from "#config/web-service/web-service-config.ts";
import { startRouterWorker } from "#worker/router-worker.ts";
import type { WorkerContext } from "#worker/running-worker.ts";
import { afterTest } from "../support/cleanups.ts";
import { keptLog } from "../support/kept-log.ts";
import { connectionTo, startProxy } from "../support/proxy-worker.ts";
import { quietContext } from "../support/quiet-context.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { anyPort, rawSocketTransport } from "../support/transports.ts";
import { dial, type OctetClient } from "../support/universal-transport.ts";

const options: EventStreamServiceConfig["options"] = {
  key: null,
  secret: null,
  require_tls: false,
  require_ip: null,
  timestamp_delta_limit: 300,
  allowed_origins: ["*"],
  heartbeat_interval: 60_000,
  retry: 1_000,
  max_listeners: 100,
  max_buffered: 1_048_576,
  stall_timeout: 30_000,
  max_outgoing: 268_435_456,
};

const stream = (
  changes: Partial<EventStreamServiceConfig["options"]> = {},
  topics: EventStreamServiceConfig["topics"] = null,
): EventStreamServiceConfig => ({
  type: "sse",
  realm: "realm1",
  role: "user",
  topics,
  options: { ...options, ...changes },
});

const publisher: WebServiceConfig = {
  type: "publisher",
  realm: "realm1",
  role: "user",
  options: {
    key: null,
    secret: null,
    require_tls: false,
    require_ip: null,
    post_body_limit: 20_000_000,
    timestamp_delta_limit: 300,
    call_timeout: 5_000,
    error_status_codes: false,
    idempotency_key_lifetime: 0,
  },
};

const web = (events: EventStreamServiceConfig): WebTransportConfig => ({
  type: "web",
  id: "web",
  endpoint: anyPort,
  paths: { events, publish: publisher },
});

const allow = { call: true, register: true, publish: true, subscribe: true };
const disclose = { caller: false, publisher: false };
const permissions = [
  { uri: "com.secret.", match: "prefix" as const, allow: { ...allow, subscribe: false }, disclose },
  { uri: "", match: "prefix" as const, allow, disclose },
];

function router(path: string, transports: RouterWorkerConfig["transports"] = []) {
  const auth = { "anonymous-proxy": { type: "static" as const } };
  const endpoint = { type: "unix" as const, path, permission: 0o600 };
  const config: RouterWorkerConfig = {
    type: "router",
    id: "router",
    realms: [{ name: "realm1", roles: [{ name: "user", permissions }] }],
    transports: [rawSocketTransport({}, { endpoint, auth }), ...transports],
  };
  return startRouterWorker(config, quietContext);
}

const portOf = (urls: string[]) =>
  Number(new URL(urls.find((url) => url.startsWith("http:")) ?? "").port);

/** A router behind a proxy with this path; gives the proxy's port. */
async function onProxy(events: EventStreamServiceConfig, context: Partial<WorkerContext> = {}) {
  const path = join(temporaryFolder(), "router.sock");
  const worker = await router(path);
  afterTest(() => worker.shutdown());
  const routes = { realm1: { user: ["router"] } };
  const connections = { router: connectionTo("router", path) };
  const proxy = await startProxy({ connections, routes, transports: [web(events)] }, context);
  return { port: portOf(proxy.urls), stopRouter: () => worker.shutdown(), stop: proxy.shutdown };
}

/** The same without a proxy. */
async function onRouter(events: EventStreamServiceConfig) {
  const worker = await router(join(temporaryFolder(), "router.sock"), [web(events)]);
  afterTest(() => worker.shutdown());
  return { port: portOf(worker.urls), stop: () => worker.shutdown() };
}

async function publish(port: number, topic: string, ...args: unknown[]): Promise<void> {
  const body =
    typeof args[0] === "object" && args[0] !== null && "raw" in args[0]
      ? `{"topic":"${topic}",${args[0].raw}}`
      : JSON.stringify({ topic, args });
  const answer = await fetch(`http://127.0.0.1:${port}/publish`, { method: "POST", body });
  expect(await answer.json()).toEqual({ id: expect.any(Number) });
}

/** A listener whose stream has begun. */
async function listen(port: number, query: string, ...headers: string[]): Promise<OctetClient> {
  const lines = [`GET /events${query} HTTP/1.1`, "Host: h", ...headers, "", ""];
  const client = await dial(port).send(lines.join("\r\n"));
  await client.until("\n\n");
  return client;
}

const dataOf = (client: OctetClient) =>
  [...client.text.matchAll(/^data: (.*)$/gm)].map(([, data]) => data);

describe.each([
  ["a proxy", onProxy],
  ["a router", onRouter],
])("on %s", (_, start) => {
  let port = 0;
  beforeEach(async () => {
    ({ port } = await start(stream()));
  });

  test("a listener gets the events of its exact, prefix and wildcard topics", async () => {
    const query = "?topic=com.a.one&prefix=com.b.&wildcard=com..created";
    const client = await listen(port, query);
    await publish(port, "com.a.one", 1);
    await publish(port, "com.a.two", 2);
    await publish(port, "com.b.two", 3);
    await publish(port, "com.c.created", 4);
    await publish(port, "com.a.one", "last");
    await client.until('"last"');
    expect(dataOf(client)).toEqual([
      '{"topic":"com.a.one","args":[1],"kwargs":{}}',
      '{"topic":"com.b.two","args":[3],"kwargs":{}}',
      '{"topic":"com.c.created","args":[4],"kwargs":{}}',
      '{"topic":"com.a.one","args":["last"],"kwargs":{}}',
    ]);
  });

  test("arguments keep their digits, and a line end in JSON ends no line", async () => {
    const client = await listen(port, "?topic=com.a");
    const raw = '"args":[9007199254740993,\n1.0,"a\\nb"],"kwargs":{"k":\n[]}';
    await publish(port, "com.a", { raw });
    await client.until("kwargs");
    expect(dataOf(client)[0]).toMatch(
      /^\{"topic":"com\.a","args":\[9007199254740993, ?1\.0,"a\\nb"\],"kwargs":\{"k": ?\[\]\}\}$/,
    );
  });

  test("a role that may not subscribe is answered with 403", async () => {
    const client = await dial(port).send(
      "GET /events?topic=com.secret.a HTTP/1.1\r\nHost: h\r\n\r\n",
    );
    await client.until("not_authorized");
    expect(client.text).toStartWith("HTTP/1.1 403 ");
    await client.send("GET /events?topic=com.a HTTP/1.1\r\nHost: h\r\n\r\n");
    await client.until("HTTP/1.1 200 OK");
  });

  test("the end of the worker ends the stream", async () => {
    const { port: other, stop } = await start(stream());
    const client = await listen(other, "?topic=com.a");
    await stop();
    await client.closed;
  });
});

test("many listeners share one subscription, and the last one ends it", async () => {
  const { log, logged } = keptLog("info");
  const { port } = await onProxy(stream(), { log });
  const clients = await Promise.all(Array.from({ length: 20 }, () => listen(port, "?topic=com.a")));
  await publish(port, "com.a", 1);
  for (const client of clients) await client.until("com.a");
  // One to publish, and one to listen.
  expect(logged.filter(([event]) => event === "service session joined").length).toBe(2);
  const [first, ...others] = clients;
  for (const client of others) {
    client.socket.end();
    await client.closed;
  }
  await publish(port, "com.a", "again");
  await first?.until('"again"');
  first?.socket.end();
  await first?.closed;
  const next = await listen(port, "?topic=com.a");
  await publish(port, "com.a", "next");
  await next.until('"next"');
  expect(dataOf(next)).toEqual(['{"topic":"com.a","args":["next"],"kwargs":{}}']);
});

test("the stream ends with its router, and a new one begins", async () => {
  const path = join(temporaryFolder(), "router.sock");
  const first = await router(path);
  const routes = { realm1: { user: ["router"] } };
  const connections = { router: connectionTo("router", path) };
  const proxy = await startProxy({ connections, routes, transports: [web(stream())] });
  const port = portOf(proxy.urls);
  const client = await listen(port, "?topic=com.a");
  await first.shutdown();
  await client.closed;
  const away = await dial(port).send("GET /events?topic=com.a HTTP/1.1\r\nHost: h\r\n\r\n");
  await away.until("wamp.error.unavailable");
  expect(away.text).toStartWith("HTTP/1.1 503 ");
  expect(away.text).not.toContain(path);
  const second = await router(path);
  afterTest(() => second.shutdown());
  const back = await listen(port, "?topic=com.a");
  await publish(port, "com.a", 1);
  await back.until("data: ");
});

test("the head names the type, is not cached, and says what has no effect", async () => {
  const { port } = await onProxy(stream());
  const client = await listen(port, "?topic=com.a", "Last-Event-ID: 7");
  const [head = "", body = ""] = client.text.split("\r\n\r\n");
  expect(head.split("\r\n").filter((line) => !line.startsWith("Date: "))).toEqual([
    "HTTP/1.1 200 OK",
    "Content-Type: text/event-stream",
    "Cache-Control: no-store",
    "X-Accel-Buffering: no",
    "X-Content-Type-Options: nosniff",
    "Vary: Origin",
    "Access-Control-Allow-Origin: *",
    "Connection: close",
  ]);
  expect(body).toMatch(/^retry: 1\d{3}\n: Last-Event-ID has no effect/);
  const other = await dial(port).send("HEAD /events?topic=com.a HTTP/1.1\r\nHost: h\r\n\r\n");
  expect(await other.whole()).toEndWith("\r\n\r\n");
});

test("topics of the configuration are sent whatever the request names", async () => {
  const { port } = await onProxy(stream({}, [{ topic: "com.a.", match: "prefix" }]));
  const client = await listen(port, "?topic=com.b");
  await publish(port, "com.b", 1);
  await publish(port, "com.a.x", 2);
  await client.until("com.a.x");
  expect(dataOf(client)).toEqual(['{"topic":"com.a.x","args":[2],"kwargs":{}}']);
});

test("heartbeats keep a connection open", async () => {
  const { port } = await onProxy(stream({ heartbeat_interval: 50 }));
  const client = await listen(port, "?topic=com.a");
  await client.until("\n\n:\n\n:\n\n");
});

describe("a request is refused", () => {
  const refused: [what: string, request: string, status: number, sentence: string][] = [
    ["without a topic", "GET /events", 400, '"topic", "prefix" or "wildcard" is missing'],
    ["with a topic that is no URI", "GET /events?topic=a..b", 400, "is no URI of exact match"],
    ["with a blank in a topic", "GET /events?prefix=a%20b", 400, "is no URI of prefix match"],
    ["with a control character", "GET /events?wildcard=a%00", 400, "is no URI of wildcard match"],
    [
      "with too many topics",
      `GET /events?${Array.from({ length: 17 }, (_, index) => `topic=t${index}`).join("&")}`,
      400,
      "more than 16 topics",
    ],
    ["with another method", "POST /events?topic=a", 405, "only GET and HEAD"],
  ];
  test.each(refused)("%s", async (_, request, status, sentence) => {
    const { port } = await onProxy(stream());
    const client = await dial(port).send(`${request} HTTP/1.1\r\nHost: h\r\n\r\n`);
    await client.until("kwargs");
    expect(client.text).toStartWith(`HTTP/1.1 ${status} `);
    expect(JSON.parse(client.text.split("\r\n\r\n")[1] ?? "").error).toContain(sentence);
  });

  test.each([
    ["over no TLS", { require_tls: true }],
    ["of an address that is not permitted", { require_ip: ["192.0.2.0/24"] }],
  ])("%s", async (_, changes) => {
    const { port } = await onProxy(stream(changes));
    const client = await dial(port).send("GET /events?topic=a HTTP/1.1\r\nHost: h\r\n\r\n");
    await client.until("HTTP/1.1 400 ");
  });

  test("beyond max_listeners, until one has gone", async () => {
    const { port } = await onProxy(stream({ max_listeners: 1 }));
    const client = await listen(port, "?topic=a");
    const second = dial(port);
    await second.send("GET /events?topic=a HTTP/1.1\r\nHost: h\r\n\r\n");
    await second.until("HTTP/1.1 503 ");
    client.socket.end();
    await client.closed;
    await listen(port, "?topic=a");
  });

  test("by a stream that ends, where it is of an EventSource and may be served later", async () => {
    const { port } = await onProxy(stream({ max_listeners: 1 }));
    await listen(port, "?topic=a");
    const other = dial(port);
    const accept = "Accept: text/event-stream";
    await other.send(`GET /events?topic=a HTTP/1.1\r\nHost: h\r\n${accept}\r\n\r\n`);
    const [head = "", body = ""] = (await other.whole()).split("\r\n\r\n");
    expect(head).toStartWith("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n");
    expect(head).not.toContain("Retry-After");
    expect(body).toMatch(
      /^retry: 1\d{3}\n: \{"error":"Cannot listen: there are too many listeners"/,
    );
    expect(body).toEndWith("}\n\n");
  });

  test("unless it is signed, once", async () => {
    const { port } = await onProxy(stream({ key: "key1", secret: "topsecret" }));
    const unsigned = await fetch(`http://127.0.0.1:${port}/events?topic=a`);
    expect(unsigned.status).toBe(400);
    const timestamp = new Date().toISOString();
    const hash = createHmac("sha256", "topsecret").update(`key1${timestamp}11`).digest("base64url");
    const query = new URLSearchParams({
      topic: "a",
      key: "key1",
      timestamp,
      seq: "1",
      nonce: "1",
      signature: `${hash}=`,
    });
    await listen(port, `?${query}`);
    expect((await fetch(`http://127.0.0.1:${port}/events?${query}`)).status).toBe(401);
  });

  test("of a page whose origin is not listed", async () => {
    const { port } = await onProxy(stream({ allowed_origins: ["https://good.example"] }));
    const url = `http://127.0.0.1:${port}/events?topic=a`;
    const refusal = await fetch(url, { headers: { Origin: "https://evil.example" } });
    expect([refusal.status, refusal.headers.get("access-control-allow-origin")]).toEqual([
      403,
      null,
    ]);
    const client = await listen(port, "?topic=a", "Origin: https://good.example");
    expect(client.text).toContain("\r\nAccess-Control-Allow-Origin: https://good.example\r\n");
    expect(client.text).toContain("\r\nAccess-Control-Allow-Credentials: true\r\n");
    const asked = await fetch(url, {
      method: "OPTIONS",
      headers: { Origin: "https://good.example" },
    });
    expect([asked.status, asked.headers.get("access-control-allow-methods")]).toEqual([
      200,
      "GET, HEAD, OPTIONS",
    ]);
  });
});

test("pages of a listed origin may send cookies, though all others may listen", async () => {
  const { port } = await onProxy(stream({ allowed_origins: ["*", "https://good.example"] }));
  const good = await listen(port, "?topic=a", "Origin: https://good.example");
  expect(good.text).toContain("\r\nAccess-Control-Allow-Origin: https://good.example\r\n");
  const other = await listen(port, "?topic=a", "Origin: https://other.example");
  expect(other.text).toContain("\r\nAccess-Control-Allow-Origin: *\r\n");
});

describe("a listener that does not read", () => {
  test("is cut off when too much waits for all, and the log says so", async () => {
    const { log, logged } = keptLog("warn");
    const changes = { max_buffered: 30_000_000, max_outgoing: 1_000_000 };
    const { port } = await onProxy(stream(changes), { log });
    const slow = await listen(port, "?topic=a");
    slow.socket.pause();
    const long = "x".repeat(1_000_000);
    for (let count = 0; count < 20 && logged.length === 0; count++) await publish(port, "a", long);
    expect(logged.map(([event]) => event)).toEqual(["listener did not read"]);
  });

  test("is cut off when more than max_buffered waits for it, and others are not", async () => {
    const { log, logged } = keptLog("warn");
    const { port } = await onProxy(stream({ max_buffered: 65_536 }), { log });
    const slow = await listen(port, "?topic=a");
    const other = await listen(port, "?topic=a");
    slow.socket.pause();
    const long = "x".repeat(1_000_000);
    for (let count = 0; count < 20 && logged.length === 0; count++) {
      await publish(port, "a", count, long);
      await other.until(`"args":[${count},`);
      await other.until("}\n\n");
    }
    expect(logged).toEqual([
      ["listener did not read", { peer: expect.any(String), waiting: expect.any(Number) }],
    ]);
    await publish(port, "a", "end");
    await other.until('"end"');
  });

  test("is cut off when it takes nothing for stall_timeout", async () => {
    const changes = { max_buffered: 60_000_000, stall_timeout: 200, heartbeat_interval: 100 };
    const { port } = await onProxy(stream(changes));
    const slow = await listen(port, "?topic=a");
    slow.socket.pause();
    const long = "x".repeat(1_000_000);
    for (let count = 0; count < 10; count++) await publish(port, "a", long);
    const other = await listen(port, "?topic=b");
    // The slow one is gone once the heartbeats of others have come for long enough.
    await other.until(":\n\n".repeat(5));
    slow.socket.resume();
    await slow.closed;
    expect(slow.text.length).toBeLessThan(10_000_000);
  });
});
