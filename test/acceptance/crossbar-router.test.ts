/** A proxy of the built binary in front of a real Crossbar router. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { startCrossbar } from "../support/crossbar-router.ts";
import {
  freePort,
  startNode,
  type TemporaryNode,
  temporaryFolder,
} from "../support/temporary-node.ts";
import { hasPython, joinAutobahn, joinPython, joinWampy } from "../support/wamp-clients.ts";

const port = freePort();
const node = {
  version: 2,
  workers: [
    {
      type: "proxy",
      connections: {
        conn1: {
          transport: {
            type: "rawsocket",
            endpoint: { type: "unix", path: "router.sock" },
            serializer: "cbor",
          },
        },
      },
      routes: { realm1: { anonymous: "conn1", user: "conn1" } },
      transports: [
        {
          type: "web",
          endpoint: { type: "tcp", port, interface: "127.0.0.1" },
          paths: {
            ws: {
              type: "websocket",
              auth: {
                anonymous: { type: "static", role: "anonymous" },
                ticket: {
                  type: "static",
                  principals: { alice: { ticket: "secret1", role: "user" } },
                },
              },
            },
            pass: {
              type: "websocket-proxy",
              backends: [
                {
                  type: "websocket",
                  endpoint: { type: "unix", path: "routerws.sock" },
                  url: "ws://localhost",
                  serializers: ["json"],
                },
              ],
            },
          },
        },
      ],
    },
  ],
};

describe.if(hasPython)("a proxy in front of Crossbar", () => {
  let router: { stop(): Promise<void> };
  let proxy: TemporaryNode;
  const alice = { authid: "alice", ticket: "secret1" };
  const values = ["Grüße 👋", 42, 1.5, true, null, { z: 1, a: [2] }];

  beforeAll(async () => {
    const folder = await temporaryFolder({ "node.json": node });
    router = await startCrossbar(folder);
    proxy = await startNode(folder);
  }, 60_000);

  afterAll(async () => {
    await proxy.stop();
    await router.stop();
  }, 30_000);

  test.each([
    ["the proxy authenticates (anonymous)", "ws", undefined],
    ["the proxy authenticates (ticket)", "ws", alice],
    ["the router authenticates", "pass", undefined],
  ] as const)("carries calls and events between clients where %s", async (_name, path, auth) => {
    const url = `ws://127.0.0.1:${port}/${path}`;
    const [json, msgpack, cbor] = await Promise.all([
      joinAutobahn(url, "json", auth),
      joinWampy(url, "msgpack", auth),
      joinPython(url, "cbor", auth),
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

  test("refuses a wrong ticket without saying what was wrong", async () => {
    const wrong = { authid: "alice", ticket: "secret2" };
    const joining = joinAutobahn(`ws://127.0.0.1:${port}/ws`, "json", wrong);
    expect(joining).rejects.toThrow("wamp.error.authentication_failed");
    expect(proxy.output()).not.toContain("secret");
  });
});
