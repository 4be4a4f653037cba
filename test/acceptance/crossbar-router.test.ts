/** A proxy of the built binary in front of a real Crossbar router. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { startCrossbar } from "../support/crossbar-router.ts";
import { callWithLongTexts } from "../support/long-call.ts";
import { ScriptedClient } from "../support/scripted-client.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { freePort, startNode, type TemporaryNode } from "../support/temporary-node.ts";
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

const HELLO = [1, "realm1", { roles: { caller: {}, subscriber: {} } }];

describe.if(hasPython)("a proxy in front of Crossbar", () => {
  let router: { stop(): Promise<void> };
  let proxy: TemporaryNode;
  const alice = { authid: "alice", ticket: "secret1" };
  const values = ["Grüße 👋", 42, 1.5, true, null, { z: 1, a: [2] }];

  beforeAll(async () => {
    const folder = temporaryFolder({ "node.json": node });
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

  test("carries 15 MB both ways over WebSocket", async () => {
    await callWithLongTexts(`ws://127.0.0.1:${port}/pass`, "json", 15_000_000);
  }, 60_000);

  test.each(["ws", "pass"])(
    "tells a client at %s that the router kills the reason",
    async (path) => {
      const client = await ScriptedClient.open(`ws://127.0.0.1:${port}/${path}`, "json");
      client.says(HELLO);
      const welcome = await client.next();
      const admin = await joinAutobahn(`ws://127.0.0.1:${port}/ws`, "json");
      await admin.call("wamp.session.kill", [welcome?.[1], "com.example.enough", "too loud"]);
      const goodbye = [6, { message: "too loud" }, "com.example.enough"];
      expect(await client.next()).toMatchObject(goodbye);
      client.says([6, {}, "wamp.close.goodbye_and_out"]);
      expect(await client.rest()).toEqual([]);
      expect(await client.closed).toBe(1001);
      await admin.leave();
    },
  );

  test.each(["ws", "pass"])(
    "answers one GOODBYE at %s, and HELLO in the same read",
    async (path) => {
      const client = await ScriptedClient.open(`ws://127.0.0.1:${port}/${path}`, "json");
      client.says(HELLO);
      expect((await client.next())?.[0]).toBe(2);
      client.says([6, {}, "wamp.close.normal"], HELLO);
      expect((await client.next())?.[0]).toBe(6);
      expect((await client.next())?.[0]).toBe(2);
      client.says([6, {}, "wamp.close.normal"]);
      expect((await client.next())?.[0]).toBe(6);
      client.socket.end();
      expect(await client.rest()).toEqual([]);
    },
  );

  test("refuses a wrong ticket without saying what was wrong", async () => {
    const wrong = { authid: "alice", ticket: "secret2" };
    const joining = joinAutobahn(`ws://127.0.0.1:${port}/ws`, "json", wrong);
    expect(joining).rejects.toThrow("wamp.error.authentication_denied");
    expect(proxy.output()).not.toContain("secret");
  });
});
