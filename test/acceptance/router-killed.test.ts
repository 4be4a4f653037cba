/**
 * A router killed with SIGKILL behind more than a hundred clients with calls under way: each of them is
 * told within two seconds, and foreign clients come back by themselves, though the
 * router is away for longer than they wait at first.
 */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { resolve } from "node:path";
import { serializer as autobahnSerializer, Connection } from "autobahn";
import { Wampy } from "wampy";
import { JsonSerializer } from "wampy/JsonSerializer.js";
import { ScriptedClient } from "../support/scripted-client.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { freePort, startNode, type TemporaryNode, workerPids } from "../support/temporary-node.ts";
import { hasPython, PYTHON } from "../support/wamp-clients.ts";

const [port, rawPort] = [freePort(), freePort()];
const webSocket = { type: "websocket", auth: { anonymous: { type: "static", role: "anonymous" } } };
const everything = { call: true, register: true, publish: true, subscribe: true };

const routerConfig = {
  version: 2,
  workers: [
    {
      type: "router",
      id: "router1",
      realms: [
        {
          name: "realm1",
          roles: [
            { name: "anonymous", permissions: [{ uri: "", match: "prefix", allow: everything }] },
          ],
        },
      ],
      transports: [
        {
          type: "rawsocket",
          endpoint: { type: "unix", path: "router.sock" },
          auth: { "anonymous-proxy": { type: "static" } },
        },
      ],
    },
  ],
};

const proxyConfig = (routerFolder: string) => ({
  version: 2,
  workers: [
    {
      type: "proxy",
      connections: {
        conn1: {
          transport: {
            type: "rawsocket",
            endpoint: { type: "unix", path: `${routerFolder}/router.sock` },
            serializer: "cbor",
          },
        },
      },
      routes: { realm1: { anonymous: "conn1" } },
      transports: [
        {
          type: "web",
          endpoint: { type: "tcp", port, interface: "127.0.0.1" },
          paths: {
            ws: webSocket,
            silent: { ...webSocket, options: { told_by_close: ["router_lost"] } },
          },
        },
        {
          type: "rawsocket",
          endpoint: { type: "tcp", port: rawPort, interface: "127.0.0.1" },
          serializers: ["cbor"],
          auth: { anonymous: { type: "static", role: "anonymous" } },
        },
      ],
    },
  ],
});

const url = `ws://127.0.0.1:${port}/ws`;
const silentUrl = `ws://127.0.0.1:${port}/silent`;
const HELLO = [1, "realm1", { roles: { caller: {}, callee: {} } }];
/** Of each kind of client. */
const CLIENTS = 50;
/** What the promise says: everybody is told within this time. */
const TOLD_WITHIN_MS = 2000;

async function join(at: string, serializer: "json" | "cbor"): Promise<ScriptedClient> {
  const client = await ScriptedClient.open(at, serializer);
  client.says(HELLO);
  expect((await client.next())?.[0]).toBe(2);
  return client;
}

/** Counts the sessions of a client, so that each can be awaited. */
class Joins {
  #count = 0;
  #waiting: { count: number; resolve: () => void }[] = [];

  joined(): void {
    this.#count += 1;
    for (const { count, resolve } of this.#waiting) if (this.#count >= count) resolve();
  }

  reach(count: number): Promise<void> {
    if (this.#count >= count) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ count, resolve }));
  }
}

/** Starts a client that reconnects by itself, as far as its library does; gives how to end it. */
type StartClient = (joins: Joins) => () => void;

const startAutobahn: StartClient = (joins) => {
  const connection = new Connection({
    url,
    realm: "realm1",
    initial_retry_delay: 0.2,
    serializers: [new autobahnSerializer.JSONSerializer()],
  });
  connection.onopen = () => joins.joined();
  connection.onclose = () => false;
  connection.open();
  return () => connection.close("wamp.close.normal");
};

const startWampy: StartClient = (joins) => {
  const wampy = new Wampy(url, {
    realm: "realm1",
    serializer: new JsonSerializer(),
    ws: WebSocket,
    reconnectInterval: 200,
    onReconnectSuccess: () => joins.joined(),
  });
  void wampy.connect().then(() => joins.joined());
  return () => void wampy.disconnect();
};

const startPython =
  (kind: string): StartClient =>
  (joins) => {
    const script = resolve(import.meta.dir, "../python/reconnecting.py");
    const child = Bun.spawn([PYTHON, script, kind, url], { stdout: "pipe", stderr: "ignore" });
    const read = async () => {
      for await (const chunk of child.stdout) {
        for (const _ of new TextDecoder().decode(chunk).matchAll(/joined/g)) joins.joined();
      }
    };
    void read();
    return () => child.kill();
  };

const clients: [string, StartClient][] = [
  ["autobahn (JavaScript)", startAutobahn],
  ["wampy", startWampy],
];
const pythonKinds = ["component", "twisted-component", "runner"];
if (hasPython) {
  for (const kind of pythonKinds) clients.push([`autobahn (Python) ${kind}`, startPython(kind)]);
}

describe("a router that is killed", () => {
  let routerFolder: string;
  let router: TemporaryNode;
  let proxy: TemporaryNode;

  beforeAll(async () => {
    routerFolder = temporaryFolder({ "node.json": routerConfig });
    router = await startNode(routerFolder);
    proxy = await startNode(
      temporaryFolder({ "node.json": proxyConfig(routerFolder) }),
      "--loglevel",
      "debug",
    );
  }, 30_000);

  afterAll(async () => {
    await proxy.stop();
    await router.stop();
  }, 30_000);

  test("is told to everybody within two seconds, and clients come back", async () => {
    const stops: (() => void)[] = [];
    const all = clients.map(([name, start]) => {
      const joins = new Joins();
      stops.push(start(joins));
      return { name, joins };
    });
    await Promise.all(all.map(({ joins }) => joins.reach(1)));

    const callee = await join(`rs://127.0.0.1:${rawPort}/`, "cbor");
    callee.says([64, 1, {}, "com.example.never"]);
    expect((await callee.next())?.[0]).toBe(65);
    const kinds = [
      [url, "json"],
      [silentUrl, "json"],
      [`rs://127.0.0.1:${rawPort}/`, "cbor"],
    ] as const;
    const callers = await Promise.all(
      kinds.flatMap(([at, serializer]) =>
        Array.from({ length: CLIENTS }, () => join(at, serializer)),
      ),
    );
    for (const caller of callers) caller.says([48, 1, {}, "com.example.never"]);
    for (const _ of callers) expect((await callee.next())?.[0]).toBe(68);

    const killedAt = performance.now();
    process.kill(workerPids(router.output())["router1"] as number, "SIGKILL");
    // Nobody starts it again, so that clients that reconnect find no router at first.
    router.kill("SIGKILL");
    const told = await Promise.all(
      callers.map(async (caller, index) => {
        const message = await caller.next();
        return { way: kinds[Math.floor(index / CLIENTS)]?.[0], message, code: caller.closed };
      }),
    );
    expect(performance.now() - killedAt).toBeLessThan(TOLD_WITHIN_MS);
    const goodbye = [
      6,
      { message: "The connection of this session to the router ended" },
      "wamp.close.system_shutdown",
    ];
    for (const { way, message, code } of told) {
      expect(message).toEqual(way === silentUrl ? undefined : goodbye);
      if (way === silentUrl) expect(await code).toBe(1012);
    }
    for (const { socket: one } of [...callers, callee]) one.destroy();

    await router.exited;
    // Every connection that has closed, without those that were joined.
    const closed = () => proxy.output().match(/client connection closed/g)?.length ?? 0;
    const attempts = () => closed() - callers.length - 1 - clients.length;
    while (attempts() < 2 * clients.length) await Bun.sleep(20);
    router = await startNode(routerFolder);
    await Promise.all(all.map(({ joins }) => joins.reach(2)));
    for (const stop of stops) stop();
  }, 60_000);
});
