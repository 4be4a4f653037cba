import { beforeEach, describe, expect, spyOn, test } from "bun:test";
import { constants, deflateRawSync } from "node:zlib";
import { messageMemory } from "#base/message-memory.ts";
import * as ownership from "#base/octet-ownership.ts";
import { longMessages } from "#session/long-messages.ts";
import { afterTest } from "../support/cleanups.ts";
import { deflating } from "../support/default-options.ts";
import { RawWebSocket } from "../support/raw-websocket.ts";
import type { ScriptedClient } from "../support/scripted-client.ts";
import { type HarnessOptions, sessionHarness, TRANSPORTS } from "../support/session-harness.ts";

/** Decoders of other tests in this process may hold incomplete messages. */
let heldByOthers = 0;
beforeEach(() => {
  heldByOthers = messageMemory();
});

async function start(options: HarnessOptions = {}) {
  const limits = { max_message_size: 2 ** 20, stall_timeout: 0, ...options.options };
  const proxy = await sessionHarness({
    router: { serializer: "msgpack" },
    ...options,
    options: limits,
  });
  return proxy;
}

async function joined(
  proxy: Awaited<ReturnType<typeof start>>,
  transport: (typeof TRANSPORTS)[number],
) {
  const client = await proxy.connect(transport);
  client.says([1, "realm1", { roles: { caller: {} } }]);
  const router = await proxy.router.session();
  await router.welcome();
  await client.next();
  return { client, router };
}

const SESSION_OVER = (towards: "client" | "router") => ({
  towards,
  uri: "wamp.error.canceled",
  sentence: "Cannot carry message: its session ended while it was handled in another thread",
});

const long = "x".repeat(500_000);
/** What no serializer but the client's own can represent. */
const unknownTag = (client: ScriptedClient, head: string) =>
  client.serializer === "json"
    ? Buffer.from(`[${head},["\\ud800",${JSON.stringify(long)}]]`)
    : Buffer.alloc(0);

describe.each(TRANSPORTS)("a long message (%s)", (transport) => {
  test("arrives in its place among short ones, in both directions", async () => {
    const { client, router } = await joined(await start(), transport);
    client.says(
      [48, 1, {}, "a"],
      [48, 2, {}, "a", [long]],
      [48, 3, {}, "a"],
      [48, 4, {}, "a", [long]],
    );
    client.says([48, 5, {}, "a"], [6, {}, "wamp.close.close_realm"]);
    for (const [id, ...args] of [[1], [2, [long]], [3], [4, [long]], [5]]) {
      expect(await router.next()).toEqual([48, id, {}, "a", ...args]);
    }
    expect((await router.next())[0]).toBe(6);
    router.says([50, 1, {}]);
    router.says([50, 2, {}, [long]]);
    router.says([50, 3, {}]);
    router.says([6, {}, "wamp.close.goodbye_and_out"]);
    expect(await client.next()).toEqual([50, 1, {}]);
    expect(await client.next()).toEqual([50, 2, {}, [long]]);
    expect(await client.next()).toEqual([50, 3, {}]);
    expect((await client.next())?.[0]).toBe(6);
    expect(messageMemory()).toBe(heldByOthers);
  });

  test("that is malformed ends the session as a short one does", async () => {
    const { client, router } = await joined(await start(), transport);
    const malformed = client.serializer === "json" ? "[48,1,{},5]x" : "8418300105f6";
    const octets =
      client.serializer === "json" ? Buffer.from(malformed) : Buffer.from(malformed, "hex");
    client.sends(Buffer.concat([octets, Buffer.alloc(400_000, " ")]));
    const [type, , uri] = (await client.next()) ?? [];
    expect([type, uri]).toEqual([3, "wamp.error.protocol_violation"]);
    expect((await router.next())[0]).toBe(6);
  });

  test("beyond max_message_size is answered, or closes the connection", async () => {
    const proxy = await start({ options: { max_message_size: 400_000 } });
    const { client, router } = await joined(proxy, transport);
    if (transport === "rawsocket") {
      // The handshake has told the client the next power of two.
      client.says([48, 7, {}, "a", [long]], [48, 8, {}, "a", ["x".repeat(2 ** 19)]]);
      expect((await router.next())[1]).toBe(7);
      await client.closed;
      expect(await router.rest()).toEqual([[6, {}, expect.stringMatching(/^wamp[.]/)]]);
      return;
    }
    client.says([48, 7, {}, "a", [long]], [48, 8, {}, "a"]);
    const [, type, id, , uri] = (await client.next()) ?? [];
    expect([type, id, uri]).toEqual([48, 7, "wamp.error.payload_size_exceeded"]);
    expect((await router.next())[1]).toBe(8);
    client.says([16, 9, {}, "a", [long]]);
    expect(await client.closed).toBe(1009);
  });
});

test("a long CALL that cannot be represented is answered with ERROR in its place", async () => {
  const { client, router } = await joined(await start(), "websocket");
  client.sends(unknownTag(client, '48,7,{},"a"'), Buffer.from('[48,8,{},"a"]'));
  const [, type, id, , uri] = (await client.next()) ?? [];
  expect([type, id, uri]).toEqual([48, 7, "wamp.error.invalid_argument"]);
  expect((await router.next())[1]).toBe(8);
});

test("what the thread gives back is kept by the socket of its receiver without a copy", async () => {
  const { client, router } = await joined(await start(), "websocket");
  const keep = spyOn(ownership, "keepOctets");
  client.says([48, 1, {}, "a", [long]]);
  expect((await router.next())[1]).toBe(1);
  const isKept = keep.mock.results.some(({ value }) => value instanceof Uint8Array);
  keep.mockRestore();
  expect(isKept).toBe(true);
});

/** A session whose long message is in the thread, until `comesBack`. */
async function withMessageInThread(say: (session: Awaited<ReturnType<typeof joined>>) => void) {
  const proxy = await start();
  const session = await joined(proxy, "websocket");
  const [begun, release] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const forward = longMessages.forward.bind(longMessages);
  const delayed = spyOn(longMessages, "forward").mockImplementationOnce(async (task) => {
    const result = forward(task);
    begun.resolve();
    await release.promise;
    return result;
  });
  afterTest(() => delayed.mockRestore());
  say(session);
  await begun.promise;
  const comesBack = async () => {
    release.resolve();
    const other = await joined(proxy, "websocket");
    other.client.says([48, 2, {}, "a", [long]]);
    expect((await other.router.next())[1]).toBe(2);
  };
  return { proxy, ...session, comesBack };
}

test("a session that ends meanwhile sends nothing more of it, and the log says so", async () => {
  const { proxy, client, router, comesBack } = await withMessageInThread((first) => {
    first.client.says([48, 1, {}, "a", [long]]);
  });
  client.socket.resetAndDestroy();
  expect(await router.rest()).toEqual([[6, {}, expect.any(String)]]);
  await comesBack();
  expect(messageMemory()).toBe(heldByOthers);
  expect(proxy.logged.filter(([level]) => level === "warn")).toEqual([
    ["warn", "message left out", expect.objectContaining(SESSION_OVER("router"))],
  ]);
});

test("the log says that a client did not get a message because its session ended", async () => {
  const { proxy, client, comesBack } = await withMessageInThread((first) => {
    first.router.says([50, 1, {}, [long]]);
  });
  proxy.open[0]?.shutdown();
  expect((await client.next())?.[0]).toBe(6);
  await comesBack();
  expect(proxy.logged.filter(([level]) => level === "warn")).toEqual([
    ["warn", "message left out", expect.objectContaining(SESSION_OVER("client"))],
  ]);
});

test("a message for a client that is gone is discarded without a word", async () => {
  const { proxy, client, router, comesBack } = await withMessageInThread((first) => {
    first.router.says([50, 1, {}, [long]]);
  });
  client.socket.resetAndDestroy();
  await router.closed.promise;
  await comesBack();
  expect(proxy.logged.filter(([level]) => level === "warn")).toEqual([]);
});

test("a burst of compressed CALLs does not end the session while its router does not read", async () => {
  const proxy = await start({ options: { compression: { deflate: deflating({}) } } });
  const client = await RawWebSocket.open(proxy.urls.websocket, {
    "Sec-WebSocket-Protocol": "wamp.2.json",
    "Sec-WebSocket-Extensions": "permessage-deflate; client_no_context_takeover",
  });
  afterTest(() => client.destroy());
  client.sendFrame(0x81, Buffer.from('[1,"realm1",{"roles":{"caller":{}}}]'));
  const router = await proxy.router.session();
  await router.welcome();
  await client.nextFrame();
  router.stopReading();
  const calls = Array.from({ length: 40 }, (_, id) => {
    const call = Buffer.from(JSON.stringify([48, id, {}, "a", [" ".repeat(1_000_000)]]));
    return deflateRawSync(call, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4);
  });
  client.sendFrame(0xc1, ...calls);
  const other = await joined(proxy, "websocket");
  other.client.says([48, 1, {}, "a"]);
  await other.router.next();
  router.readOn();
  for (let id = 0; id < 40; id++) expect((await router.next())[1]).toBe(id);
  expect(proxy.sessions.size).toBe(2);
  expect(proxy.logged.filter(([level]) => level !== "info" && level !== "debug")).toEqual([]);
});
