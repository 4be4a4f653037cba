/** A transport that listens takes another configuration: what open connections keep, and what they do not. */

import { describe, expect, test } from "bun:test";
import { statSync } from "node:fs";
import { join } from "node:path";
import type { TransportConfig } from "#config/transport/transport-config.ts";
import type { CookieConfig } from "#config/web-service/cookie-config.ts";
import type { WebServiceConfig } from "#config/web-service/web-service-config.ts";
import type { Listener } from "#transport/listener.ts";
import { LongPollTransports } from "#transport/web/longpoll/longpoll-transports.ts";
import type { Peer } from "#wamp/peer.ts";
import { webSocketDefaults } from "../support/default-options.ts";
import { jsonAt } from "../support/json-service.ts";
import { PollClient } from "../support/longpoll-client.ts";
import { longPollPath } from "../support/longpoll-transports.ts";
import { quietContext } from "../support/quiet-context.ts";
import { rawHttp } from "../support/raw-http.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { anyPort, openTransport, rawSocketTransport } from "../support/transports.ts";
import { dial, echo, upgradeRequest } from "../support/universal-transport.ts";

const session = { serializers: ["json" as const, "cbor" as const], auth: {}, backend: null };
const webSocket = (cookie?: CookieConfig): WebServiceConfig => ({
  type: "websocket",
  ...session,
  options: webSocketDefaults,
  ...(cookie && { cookie }),
});
const web = (paths: Record<string, WebServiceConfig>, changes: object = {}): TransportConfig => ({
  type: "web",
  id: "web",
  endpoint: anyPort,
  paths,
  ...changes,
});

async function change(listener: Listener, config: TransportConfig, isForced = false) {
  (await listener.prepare(config, isForced)).apply();
}

const get = (path: string, close = true) =>
  `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${close ? "Connection: close\r\n" : ""}\r\n`;
const page = async (port: number, path = "/") => {
  const [answer] = await rawHttp(port, get(path));
  return answer?.status === 200 ? answer.body : answer?.status;
};

describe("paths", () => {
  test("are others for the next request of an open connection", async () => {
    const { listener, port } = await openTransport(web({ a: jsonAt("1") }));
    const client = dial(port);
    await client.send(get("/a", false));
    await client.until("\r\n\r\n1");
    await change(listener, web({ a: jsonAt("2") }));
    await client.send(get("/a"));
    expect(await client.whole()).toEndWith("\r\n\r\n2");
  });

  test("stay when the change is abandoned, and when one of them cannot be opened", async () => {
    const { listener, port } = await openTransport(web({ a: jsonAt("1") }));
    (await listener.prepare(web({}), false)).abandon();
    const missing = longPollPath({}, { cookie: cookieIn(temporaryFolder()) });
    await expect(listener.prepare(web({ lp: missing }), false)).rejects.toThrow(
      "Cannot keep cookies",
    );
    expect(await page(port, "/a")).toBe("1");
  });

  test("go with the transport, but a WebSocket stays", async () => {
    const { listener, port } = await openTransport(web({ ws: webSocket(), a: jsonAt("1") }), echo);
    const [client, idle] = [dial(port), dial(port)];
    await client.send(upgradeRequest());
    await client.until("\r\n\r\n");
    await idle.send(get("/a", false));
    await idle.until("\r\n\r\n1");
    listener.retire();
    await idle.closed;
    await client.send(Uint8Array.fromHex("828100000000f5"));
    await client.until("\x82\x01\xf5");
    await expect(rawHttp(port, get("/a"))).resolves.toEqual([]);
    expect(listener.isInUse).toBe(true);
  });

  test("are in use after the transport as long as a connection is open", async () => {
    const { listener, port } = await openTransport(web({ ws: webSocket() }), echo);
    const client = dial(port);
    await client.send(upgradeRequest());
    await client.until("\r\n\r\n");
    listener.retire();
    expect(listener.isInUse).toBe(true);
    client.socket.destroy();
    while (listener.isInUse) await new Promise((resolve) => setImmediate(resolve));
  });
});

const cookieIn = (filename?: string, max_age = 60): CookieConfig => ({
  name: "cbtid",
  length: 24,
  max_age,
  secure: false,
  http_strict: false,
  same_site: null,
  store: filename === undefined ? { type: "memory" } : { type: "file", filename },
});

async function cookieFrom(port: number, cookie = ""): Promise<string | undefined> {
  const client = dial(port);
  await client.send(upgradeRequest("/ws", ...(cookie === "" ? [] : [`Cookie: ${cookie}`])));
  return /Set-Cookie: (cbtid=[\w-]+)/i.exec(await client.until("\r\n\r\n"))?.[1];
}

test("cookies in memory stay known, also where their attributes change", async () => {
  const { listener, port } = await openTransport(web({ ws: webSocket(cookieIn()) }), echo);
  const cookie = await cookieFrom(port);
  expect(cookie).toStartWith("cbtid=");
  await change(listener, web({ ws: webSocket(cookieIn(undefined, 120)), a: jsonAt("1") }), true);
  expect(await cookieFrom(port, cookie)).toBeUndefined();
  await change(listener, web({ ws: webSocket(cookieIn(join(temporaryFolder(), "cookies"))) }));
  expect(await cookieFrom(port, cookie)).toStartWith("cbtid=");
});

test("a long-poll session goes on where the options of its path change", async () => {
  const context = { ...quietContext, longPolls: new LongPollTransports(null) };
  const { listener, port } = await openTransport(web({ lp: longPollPath() }), echo, context);
  const client = await PollClient.open(port);
  expect(await client.says(["before"])).toBe(204);
  expect(await client.next()).toEqual(["before"]);
  await change(listener, web({ lp: longPollPath({ request_timeout: 9_000 }) }));
  expect(await client.says(["after"])).toBe(204);
  expect(await client.next()).toEqual(["after"]);
});

test("limits hold for new connections, and count those that are open", async () => {
  const limits = (max_connections: number | null) => ({
    limits: {
      max_connections,
      max_connections_per_address: null,
      max_messages_per_second: null,
      max_messages_burst: 1,
    },
  });
  const paths = { ws: webSocket() };
  const { listener, port } = await openTransport(web(paths, limits(2)), echo);
  const open = async () => {
    const client = dial(port);
    await client.send(upgradeRequest());
    return (await client.until("\r\n\r\n")).slice(9, 12);
  };
  expect(await open()).toBe("101");
  await change(listener, web(paths, limits(1)));
  expect(await open()).toBe("503");
  await change(listener, web(paths, limits(3)));
  expect([await open(), await open(), await open()]).toEqual(["101", "101", "503"]);
  await change(listener, web(paths));
  expect(await open()).toBe("101");
});

test("the session of a new client has what the configuration says then", async () => {
  const peers: [Peer, unknown][] = [];
  const accept = (peer: Peer, config: unknown) => {
    peers.push([peer, config]);
    return echo(peer);
  };
  const raw = rawSocketTransport({}, { serializers: ["json"] });
  const { listener, port } = await openTransport(raw, accept);
  const answered = async (hello: string) => {
    const client = dial(port);
    await client.send(Uint8Array.fromHex(hello));
    return Buffer.from(await client.until("\x7f"), "latin1").toHex();
  };
  expect(await answered("7ff10000")).toBe("7ff10000");
  const other = rawSocketTransport({}, { serializers: ["cbor"], auth: {} });
  await change(listener, other);
  expect(await answered("7ff10000")).toBe("7f100000");
  expect(await answered("7ff30000")).toBe("7ff30000");
  expect(peers.map(([, config]) => config)).toEqual([raw, other]);
});

describe("one socket", () => {
  test("is that of the same address, whatever comes over it", async () => {
    const { listener } = await openTransport(web({}));
    const isSame = (changes: object) => listener.listensOn({ ...anyPort, ...changes });
    expect([isSame({}), isSame({ backlog: 1 }), isSame({ trusted_proxies: [] })]).toEqual([
      true,
      true,
      true,
    ]);
    const others = [{ port: 1 }, { interface: "::1" }, { version: 6 as const }];
    expect(others.map(isSame)).toEqual([false, false, false]);
    expect(listener.listensOn({ type: "unix", path: "/a", permission: 0 })).toBe(false);
  });

  test("is shared with others as soon as that is prepared", async () => {
    const on = (port: number, shared: boolean) =>
      web({ "/": jsonAt("1") }, { endpoint: { ...anyPort, port, shared } });
    const { listener, port } = await openTransport(on(0, false));
    await expect(openTransport(on(port, true))).rejects.toThrow("address already in use");
    await listener.prepare(on(0, true), false);
    await openTransport(on(port, true));
    expect(await page(port)).toBe("1");
  });

  test("of Unix gets another mode", async () => {
    const path = join(temporaryFolder(), "web.sock");
    const at = (permission: number) =>
      rawSocketTransport({}, { endpoint: { type: "unix", path, permission } });
    const { listener } = await openTransport(at(0o600));
    expect(statSync(path).mode & 0o777).toBe(0o600);
    await change(listener, at(0o660));
    expect(statSync(path).mode & 0o777).toBe(0o660);
  });

  test("expects PROXY headers, and does so no more", async () => {
    const { listener, port } = await openTransport(web({ "/": jsonAt("1") }));
    const trusting = { endpoint: { ...anyPort, trusted_proxies: ["127.0.0.1"] } };
    await change(listener, web({ "/": jsonAt("1") }, trusting));
    const header = "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n";
    expect((await rawHttp(port, header, get("/")))[0]?.status).toBe(200);
    await change(listener, web({ "/": jsonAt("1") }));
    expect(await page(port)).toBe("1");
  });

  test("speaks what its transport speaks, and lets sessions of the other protocol go on", async () => {
    const raw = rawSocketTransport({}, { serializers: ["cbor"] });
    const { listener, port } = await openTransport(raw, echo);
    const client = dial(port);
    await client.send(Uint8Array.fromHex("7ff30000"));
    await client.until("\x7f\xf3\x00\x00");
    await change(listener, web({ "/": jsonAt("1") }));
    expect(await page(port)).toBe("1");
    await client.send(Uint8Array.fromHex("00000001f5"));
    await client.until("\x00\x00\x00\x01\xf5");
    await change(listener, raw);
    expect(await page(port)).toBeUndefined();
  });
});
