/**
 * Clients that reconnect by themselves, at a proxy and at a router: they come back when their router or their
 * node has stopped and started again, and stay away when they have left.
 */

import { afterEach, describe, expect, test } from "bun:test";
import * as autobahn22 from "autobahn";
import * as autobahn26 from "autobahn-26";
import { Wampy } from "wampy";
import { JsonSerializer } from "wampy/JsonSerializer.js";
import { jawampa, startPeers } from "../support/peer-program.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { freePorts, startNode, type TemporaryNode } from "../support/temporary-node.ts";

const [proxyPort = 0, routerPort = 0, agingPort = 0, agingRouterPort = 0] = freePorts(4);
const anonymous = { anonymous: { type: "static", role: "anonymous" } };
const everything = { call: true, register: true, publish: true, subscribe: true };
const webSocketAt = (port: number, options: object = {}) => ({
  type: "websocket",
  endpoint: { type: "tcp", port, interface: "127.0.0.1" },
  auth: anonymous,
  options,
});

const routerConfig = {
  version: 2,
  workers: [
    {
      type: "router",
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
        webSocketAt(routerPort),
        { ...webSocketAt(agingRouterPort, { max_connection_age: 1000 }), id: "aging" },
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
        webSocketAt(proxyPort),
        { ...webSocketAt(agingPort, { max_connection_age: 1000 }), id: "aging" },
      ],
    },
  ],
});

/** The sessions of one client. */
class Sessions {
  count = 0;
  readonly ended = Promise.withResolvers<void>();
  #wake: (() => void)[] = [];

  joined(): void {
    this.count += 1;
    for (const wake of this.#wake.splice(0)) wake();
  }

  async reach(count: number): Promise<void> {
    while (this.count < count) await new Promise<void>((resolve) => this.#wake.push(resolve));
  }
}

/** Starts a client; gives how it leaves. */
type StartClient = (url: string, sessions: Sessions) => () => void;

const startAutobahn =
  ({ Connection, serializer }: typeof autobahn22): StartClient =>
  (url, sessions) => {
    const connection = new Connection({
      url,
      realm: "realm1",
      initial_retry_delay: 0.2,
      serializers: [new serializer.JSONSerializer()],
    });
    connection.onopen = () => sessions.joined();
    connection.onclose = (reason) => {
      if (reason === "closed") sessions.ended.resolve();
      return false;
    };
    connection.open();
    return () => connection.close("wamp.close.normal");
  };

const startWampy: StartClient = (url, sessions) => {
  const wampy = new Wampy(url, {
    realm: "realm1",
    serializer: new JsonSerializer(),
    ws: WebSocket,
    reconnectInterval: 200,
    onReconnectSuccess: () => sessions.joined(),
    onClose: () => sessions.ended.resolve(),
  });
  void wampy.connect().then(() => sessions.joined());
  return () => void wampy.disconnect();
};

const startJawampa: StartClient = (url, sessions) => {
  const starting = startPeers(jawampa);
  const clients = starting.then((program) => program.client());
  void clients.then(async (client) => {
    void client.order({ do: "join", url, serializer: "json", reconnects: true });
    for (;;) {
      await client.events(1);
      sessions.joined();
    }
  });
  return () =>
    void clients.then(async (client) => {
      await client.order({ do: "leave" });
      await (await starting).stop();
      sessions.ended.resolve();
    });
};

const CLIENTS: [string, StartClient][] = [
  ["autobahn 22", startAutobahn(autobahn22)],
  ["autobahn 26", startAutobahn(autobahn26)],
  ["wampy", startWampy],
  ...(jawampa.isInstalled ? [["jawampa", startJawampa] as [string, StartClient]] : []),
];

function startClients(url: string) {
  return CLIENTS.map(([name, startClient]) => {
    const sessions = new Sessions();
    return { name, sessions, leave: startClient(url, sessions) };
  });
}

describe.each([
  ["a proxy", proxyPort, agingPort],
  ["a router", routerPort, agingRouterPort],
])("a client of %s", (at, port, agingPortHere) => {
  const url = `ws://127.0.0.1:${port}/`;
  const nodes: TemporaryNode[] = [];
  afterEach(async () => {
    for (const node of nodes.splice(0)) await node.stop();
  }, 30_000);

  async function startAll() {
    const routerFolder = temporaryFolder({ "node.json": routerConfig });
    const proxyFolder = temporaryFolder({ "node.json": proxyConfig(routerFolder) });
    const start = async (folder: string) => {
      const node = await startNode(folder);
      nodes.push(node);
      return node;
    };
    await start(routerFolder);
    await start(proxyFolder);
    const clients = startClients(url);
    await Promise.all(clients.map(({ sessions }) => sessions.reach(1)));
    const back = (count: number) =>
      Promise.all(clients.map(({ sessions }) => sessions.reach(count)));
    const restart = async (folder: string) => {
      const [node] = nodes.splice(
        nodes.findIndex((one) => one.folder === folder),
        1,
      );
      await node?.stop();
      await start(folder);
    };
    const restartRouter = () => restart(routerFolder);
    const restartProxy = () => restart(proxyFolder);
    return { clients, back, restartRouter, restartProxy };
  }

  test("comes back after each stop, and stays away when it has left", async () => {
    const { clients, back, restartRouter, restartProxy } = await startAll();
    await restartRouter();
    await back(2);
    if (at === "a proxy") {
      await restartProxy();
      await back(3);
    }
    const counts = clients.map(({ sessions }) => sessions.count);
    for (const { leave } of clients) leave();
    await Promise.all(clients.map(({ sessions }) => sessions.ended.promise));
    // Those of before would reconnect while another client finds its way back.
    const other = new Sessions();
    const leave = startWampy(url, other);
    await other.reach(1);
    await restartRouter();
    await other.reach(2);
    leave();
    await other.ended.promise;
    expect(clients.map(({ sessions }) => sessions.count)).toEqual(counts);
  }, 60_000);

  test("comes back each time that its connection is too old", async () => {
    const { clients } = await startAll();
    for (const { leave } of clients) leave();
    const aging = startClients(`ws://127.0.0.1:${agingPortHere}/`);
    await Promise.all(
      aging.map(async ({ sessions, leave }) => {
        await sessions.reach(3);
        leave();
        await sessions.ended.promise;
      }),
    );
  }, 60_000);
});
