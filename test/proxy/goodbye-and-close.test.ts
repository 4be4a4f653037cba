/** Clients that close their connection together with, or soon after, their GOODBYE. */

import { expect, test } from "bun:test";
import { join } from "node:path";
import type { Socket } from "bun";
import { decodeMessage, encodeMessage } from "#wamp/serializer/message-values.ts";
import { afterTest } from "../support/cleanups.ts";
import { connectionTo, startProxy } from "../support/proxy-worker.ts";
import { ScriptedClient } from "../support/scripted-client.ts";
import { type HarnessOptions, sessionHarness } from "../support/session-harness.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { webSocketTransport } from "../support/transports.ts";

const HELLO = [1, "realm1", { roles: { caller: {} } }];
const GOODBYE = [6, {}, "wamp.close.close_realm"];
const ANSWER = [6, {}, "wamp.close.goodbye_and_out"];
/** A close frame with the code 1000. */
const CLOSE = Buffer.from("888201020304 02ea".replace(" ", ""), "hex");

async function joined(transport: "websocket" | "rawsocket", options: HarnessOptions = {}) {
  const harness = await sessionHarness(options);
  const client = await harness.connect(transport);
  client.says(HELLO);
  const router = await harness.router.session();
  await router.next();
  router.says([2, 7, { roles: {} }]);
  expect((await client.next())?.[0]).toBe(2);
  return { session: harness.open[0], client, router };
}

test.each(["in one read", "in two"])(
  "a WebSocket client has the answer to its GOODBYE before the close, %s",
  async (how) => {
    const { client, router } = await joined("websocket");
    if (how === "in one read") client.socket.cork();
    client.says(GOODBYE);
    client.socket.write(CLOSE);
    client.socket.uncork();
    expect(await router.next()).toEqual(GOODBYE);
    router.says(ANSWER);
    expect(await client.rest()).toEqual([ANSWER]);
    expect(await client.closed).toBe(1000);
  },
);

test("what came before the close is sent before the answer to it", async () => {
  const { client, router } = await joined("websocket");
  client.socket.cork();
  client.says([48, 1, {}, "com.example.add"], GOODBYE);
  client.socket.write(CLOSE);
  client.socket.uncork();
  expect(await router.next()).toEqual([48, 1, {}, "com.example.add"]);
  expect(await router.next()).toEqual(GOODBYE);
  router.says([50, 1, {}, [5]]);
  router.says(ANSWER);
  expect(await client.rest()).toEqual([[50, 1, {}, [5]], ANSWER]);
  expect(await client.closed).toBe(1000);
});

test("a router that has answered GOODBYE is not waited for, even if it never closes", async () => {
  const ended = Promise.withResolvers<number>();
  const path = join(temporaryFolder(), "router.sock");
  const says = (socket: Socket<undefined>, message: unknown[]) => {
    const octets = encodeMessage(message, "cbor");
    socket.write(Buffer.concat([Buffer.of(0, 0, 0, octets.length), octets]));
  };
  const server = Bun.listen<undefined>({
    unix: path,
    allowHalfOpen: true,
    socket: {
      data(socket, chunk) {
        if (chunk.toHex() === "7fff0000") socket.end(Buffer.from("7f100000", "hex"));
        else if (chunk[0] === 0x7f) socket.write(Buffer.from("7ff30000", "hex"));
        else if (decodeMessage(chunk.subarray(4), "cbor")[0] === 1) {
          says(socket, [2, 7, { roles: {} }]);
        } else says(socket, ANSWER);
      },
      // A connection that is only half closed would take it.
      end: (socket) => ended.resolve(socket.write("late")),
    },
  });
  afterTest(() => server.stop(true));
  const proxy = await startProxy({
    connections: { router: connectionTo("router", path) },
    routes: { realm1: { anonymous: ["router"] } },
    transports: [
      webSocketTransport({}, { auth: { anonymous: { type: "static", role: "anonymous" } } }),
    ],
  });
  const client = await ScriptedClient.open(proxy.url, "json");
  client.says(HELLO);
  expect((await client.next())?.[0]).toBe(2);
  client.says(GOODBYE);
  expect(await client.next()).toEqual(ANSWER);
  expect(await ended.promise).toBeLessThan(0);
});

test("a close without GOODBYE is answered at once", async () => {
  const { client, router } = await joined("websocket");
  client.socket.write(CLOSE);
  expect(await client.closed).toBe(1000);
  expect(await router.next()).toEqual([6, {}, "wamp.close.close_realm"]);
});

test("a router that does not answer does not keep the connection open", async () => {
  const { client } = await joined("websocket");
  client.socket.cork();
  client.says(GOODBYE);
  client.socket.write(CLOSE);
  client.socket.uncork();
  expect(await client.closed).toBe(1000);
  expect(await client.rest()).toEqual([]);
});

test.each(["websocket", "rawsocket"] as const)(
  "a client over %s that ends its side has the answer to its GOODBYE",
  async (transport) => {
    for (const says of [[GOODBYE], [GOODBYE, HELLO]]) {
      const { client, router } = await joined(transport);
      client.says(...says);
      client.socket.end();
      expect(await router.next()).toEqual(GOODBYE);
      router.says(ANSWER);
      expect(await client.rest()).toEqual([ANSWER]);
    }
  },
);

test.each([
  ["joined", [], false],
  ["leaving", [GOODBYE], true],
  ["rejoining", [GOODBYE, HELLO], true],
])(
  "the close of a session that is %s may wait for an answer to its GOODBYE, or not",
  async (_, says, waits) => {
    const { session, client, router } = await joined("websocket");
    if (says.length > 0) {
      client.says(...says);
      await router.next();
    }
    expect(session?.isLeaving()).toBe(waits);
  },
);
