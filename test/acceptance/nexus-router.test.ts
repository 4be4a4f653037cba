/** A proxy of the built binary that passes through to nexusd, which authenticates by itself. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { callWithLongTexts } from "../support/long-call.ts";
import { hasNexus, startNexus } from "../support/nexus-router.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { freePort, startNode, type TemporaryNode } from "../support/temporary-node.ts";
import { hasPython, joinAutobahn, joinPython, joinWampy } from "../support/wamp-clients.ts";

const port = freePort();
const nexusPort = freePort();
const unix = { type: "unix", path: "nexus.sock" };
const tcp = { type: "tcp", host: "127.0.0.1", port: nexusPort };
const backends = {
  raw_json: { type: "rawsocket", endpoint: unix, serializer: "json" },
  raw_msgpack: { type: "rawsocket", endpoint: unix, serializer: "msgpack" },
  raw_cbor: { type: "rawsocket", endpoint: unix, serializer: "cbor" },
  ws: {
    type: "websocket",
    endpoint: tcp,
    url: `ws://127.0.0.1:${nexusPort}/`,
    serializers: ["cbor", "msgpack", "json"],
  },
};
const path = (backend: object) => ({ type: "websocket-proxy", backends: [backend] });
const node = {
  version: 2,
  workers: [
    {
      type: "proxy",
      transports: [
        {
          type: "web",
          endpoint: { type: "tcp", port, interface: "127.0.0.1" },
          paths: Object.fromEntries(
            Object.entries(backends).map(([name, backend]) => [name, path(backend)]),
          ),
        },
      ],
    },
  ],
};

describe.if(hasNexus && hasPython)("a proxy in front of nexusd", () => {
  let router: { stop(): Promise<unknown> };
  let proxy: TemporaryNode;
  const values = ["Grüße 👋", 42, 1.5, true, null, { z: 1, a: [2] }];

  beforeAll(async () => {
    const folder = temporaryFolder({ "node.json": node });
    router = await startNexus(folder, nexusPort);
    proxy = await startNode(folder);
  });

  afterAll(async () => {
    await proxy.stop();
    await router.stop();
  });

  test.each(Object.keys(backends))("carries calls and events over %s", async (name) => {
    const url = `ws://127.0.0.1:${port}/${name}`;
    const [json, msgpack, cbor] = await Promise.all([
      joinAutobahn(url, "json"),
      joinWampy(url, "msgpack"),
      joinPython(url, "cbor"),
    ]);
    await json.registerEcho("com.example.echo");
    expect(await msgpack.call("com.example.echo", values)).toEqual(values);
    expect(await cbor.call("com.example.echo", values)).toEqual(values);
    const event = Promise.withResolvers<unknown[]>();
    await msgpack.subscribe("com.example.topic", event.resolve);
    await cbor.publish("com.example.topic", values);
    expect(await event.promise).toEqual(values);
    await Promise.all([json.leave(), msgpack.leave(), cbor.leave()]);
  });

  test("carries 15 MB both ways over WebSocket", async () => {
    await callWithLongTexts(`ws://127.0.0.1:${port}/ws`, "cbor", 15_000_000);
  }, 60_000);

  test("tells the client in the router's words that a realm is unknown", async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, "wamp.2.json");
    const answer = new Promise((resolve) => {
      socket.onmessage = ({ data }) => resolve(JSON.parse(data as string));
    });
    socket.onopen = () => socket.send('[1,"nowhere",{"roles":{"caller":{}}}]');
    expect(await answer).toEqual([3, expect.anything(), "wamp.error.no_such_realm"]);
  });
});
