/** Long messages of routers, while clients of the same worker do not read. */

import { expect, test } from "bun:test";
import { outgoingMemory } from "#base/outgoing-memory.ts";
import type { ScriptedRouterOptions } from "../support/scripted-router.ts";
import { sessionHarness } from "../support/session-harness.ts";

/** More than the buffers of the system take for one connection, as [50, 1, {}, [text]] in CBOR. */
const result = Buffer.concat([
  Buffer.from("84183201a0817a00d59f80", "hex"),
  Buffer.alloc(14_000_000, "x"),
]);

/** A proxy of which a client does not read its long message, and another client whose long message waits. */
async function start(router: ScriptedRouterOptions) {
  // The router of the test is in the same process, so that what it holds counts too.
  const before = outgoingMemory.octets;
  const proxy = await sessionHarness({
    options: { max_outgoing: before + 24_000_000 },
    router,
  });
  const joined = async () => {
    const client = await proxy.connect("rawsocket");
    client.says([1, "realm1", { roles: { caller: {} } }]);
    const router = await proxy.router.session();
    await router.welcome();
    expect((await client.next())?.[0]).toBe(2);
    return { client, router };
  };
  const [slow, waiting, other] = [await joined(), await joined(), await joined()];
  const roundTrips = async () => {
    for (let count = 0; count < 100; count++) {
      other.client.says([48, 1, {}, "a"]);
      await other.router.next();
      other.router.says([50, 1, {}]);
      expect(await other.client.next()).toEqual([50, 1, {}]);
    }
  };
  slow.client.socket.pause();
  slow.router.saysOctets(result);
  await roundTrips();
  waiting.router.saysOctets(result);
  await roundTrips();
  expect(waiting.router.bufferedOctets).toBeGreaterThan(12_000_000);
  return { proxy, slow, waiting, before };
}

const ROUTERS: [string, ScriptedRouterOptions][] = [
  ["RawSocket", { over: "rawsocket" }],
  ["WebSocket", { over: "websocket" }],
  ["WebSocket in many frames", { over: "websocket", auto_fragment_size: 50_000 }],
];

test.each(ROUTERS)(
  "a long message over %s is not read before there is room for it",
  async (_, router) => {
    const { proxy, slow, waiting } = await start(router);
    slow.client.socket.resume();
    expect((await slow.client.nextOctets())?.length).toBe(result.length);
    expect((await waiting.client.nextOctets())?.length).toBe(result.length);
    expect(proxy.logged.filter(([level]) => level === "warn")).toEqual([]);
  },
);

test.each(ROUTERS)("a session may end while its long message over %s waits", async (_, router) => {
  const { proxy, slow, waiting, before } = await start(router);
  waiting.client.socket.destroy();
  await waiting.router.closed.promise;
  slow.client.socket.destroy();
  await slow.router.closed.promise;
  expect(outgoingMemory.octets).toBe(before);
  expect(proxy.logged.filter(([level]) => level === "warn")).toEqual([]);
});
