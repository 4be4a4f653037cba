import { afterEach, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";

import { loadNodeConfig } from "#config/load.ts";
import { startProxyWorker } from "#worker/proxy-worker.ts";
import { startRouterWorker } from "#worker/router-worker.ts";
import { quietContext } from "../support/quiet-context.ts";
import { freePort, temporaryFolder } from "../support/temporary-node.ts";
import { OctetClient } from "../support/universal-transport.ts";
import { joinAutobahn } from "../support/wamp-clients.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const auth = { anonymous: { type: "static", role: "user" } };

/** A router and a proxy before it, all of whose transports are universal. */
async function start(): Promise<number> {
  const port = freePort();
  const allow = { call: true, register: true, publish: true, subscribe: true };
  const user = { name: "user", permissions: [{ uri: "*", allow }] };
  const folder = await temporaryFolder({
    "node.json": {
      version: 2,
      workers: [
        {
          type: "router",
          realms: [{ name: "realm1", roles: [user] }],
          transports: [
            {
              type: "universal",
              endpoint: { type: "unix", path: "router.sock" },
              rawsocket: { serializers: ["cbor"], auth: { "anonymous-proxy": { type: "static" } } },
            },
          ],
        },
        {
          type: "proxy",
          connections: {
            router: {
              transport: {
                type: "rawsocket",
                endpoint: { type: "unix", path: "router.sock" },
                serializer: "cbor",
              },
              auth: { "anonymous-proxy": { type: "static" } },
            },
          },
          routes: { realm1: { user: "router" } },
          transports: [
            {
              type: "universal",
              endpoint: { type: "tcp", port, interface: "127.0.0.1" },
              rawsocket: { serializers: ["json"], auth },
              websocket: { ws: { type: "websocket", serializers: ["cbor"], auth } },
              web: { paths: { "/": { type: "json", value: "here" } } },
            },
          ],
        },
      ],
    },
  });
  cleanups.push(() => rmSync(folder, { recursive: true }));
  const { config, faults } = await loadNodeConfig(join(folder, "node.json"));
  expect(faults).toEqual([]);
  for (const worker of config?.workers ?? []) {
    if (worker.type !== "router" && worker.type !== "proxy") continue;
    const running =
      worker.type === "router"
        ? await startRouterWorker(worker, quietContext)
        : await startProxyWorker(worker, quietContext);
    cleanups.push(() => running.shutdown());
  }
  return port;
}

function rawSocketFrame(message: unknown[]): Buffer {
  const payload = Buffer.from(JSON.stringify(message));
  return Buffer.concat([Buffer.of(0, 0, 0, payload.length), payload]);
}

test("a call goes from RawSocket to WebSocket through a proxy and a router with universal transports", async () => {
  const port = await start();
  const callee = await joinAutobahn(`ws://127.0.0.1:${port}/ws`, "cbor");
  await callee.registerEcho("com.example.echo");
  const caller = new OctetClient(connect({ port, host: "127.0.0.1" }));
  await caller.send(Buffer.from("7ff10000", "hex"));
  await caller.send(rawSocketFrame([1, "realm1", { roles: { caller: {} } }]));
  await caller.until('"authrole":"user"');
  await caller.send(rawSocketFrame([48, 1, {}, "com.example.echo", ["one", 2]]));
  expect(await caller.until("[50,1,")).toEndWith('[50,1,{},[["one",2]]]');
  expect(await (await fetch(`http://127.0.0.1:${port}/`)).json()).toBe("here");
  caller.socket.destroy();
  await callee.leave();
});
