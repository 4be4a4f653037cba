/** Long messages between equal serializers, which a proxy forwards while they arrive; over real sockets. */

import { describe, expect, test } from "bun:test";
import type { Socket } from "node:net";
import { messageMemory } from "#base/message-memory.ts";
import { outgoingMemory } from "#base/outgoing-memory.ts";
import { encodeMessage } from "#wamp/serializer/message-values.ts";
import { afterTest } from "../support/cleanups.ts";
import { deflating } from "../support/default-options.ts";
import { unmaskedFrame } from "../support/masked-frames.ts";
import { RawRouter } from "../support/raw-router.ts";
import { RawWebSocket } from "../support/raw-websocket.ts";
import { type HarnessOptions, sessionHarness, TRANSPORTS } from "../support/session-harness.ts";

type Transport = (typeof TRANSPORTS)[number];

const SERIALIZERS = { websocket: "json", rawsocket: "cbor" } as const;

/** The transport of the client, and of the router. */
const PAIRS = TRANSPORTS.flatMap((client) => TRANSPORTS.map((router) => [client, router] as const));

/** Octets of a message that is forwarded before it is complete. */
const LONG = 1_000_000;
const HALF = 500_000;
/** What has gone on of a half, of which less than 16 KiB wait for more. */
const MOST = HALF - 16_500;

/** A client and a router that speak the same serializer; `size` is that of the router's handshake. */
async function joined(
  transport: Transport,
  over: Transport,
  options: HarnessOptions = {},
  size = 15,
) {
  const serializer = SERIALIZERS[transport];
  const limits = { max_message_size: 2 ** 21, stall_timeout: 0, ...options.options };
  const router = { router: { serializer }, silent: over };
  const proxy = await sessionHarness({ ...options, ...router, options: limits });
  const session = await joinedTo(proxy, transport, size);
  const octets = (message: unknown[]) => Buffer.from(encodeMessage(message, serializer));
  return { proxy, ...session, octets };
}

async function joinedTo(
  proxy: Awaited<ReturnType<typeof sessionHarness>>,
  transport: Transport,
  size = 15,
) {
  const client = await proxy.connect(transport);
  client.says([1, "silent", { roles: { caller: {}, callee: {} } }]);
  const side = await proxy.silent.connection();
  const router = await RawRouter.welcome(side, SERIALIZERS[transport], size);
  await client.next();
  return { client, router };
}

/** A message whose argument has so many octets. */
const call = (id: number, octets = LONG) => [48, id, {}, "a", ["x".repeat(octets)]];
const result = (id: number, octets = LONG) => [50, id, {}, ["y".repeat(octets)]];

/** Resolves when the system takes no more of what a socket was given: its buffers, and those of the proxy, are full. */
async function isFilled(socket: Socket): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let left = Number.NaN;
  const timer = setInterval(() => {
    if (socket.writableLength === left && left > 0) resolve();
    left = socket.writableLength;
  }, 100);
  await promise;
  clearInterval(timer);
}

/** A frame in two halves. */
function halves(frame: Buffer): [Buffer, Buffer] {
  return [frame.subarray(0, HALF), frame.subarray(HALF)];
}

describe.each(PAIRS)("a long message (%s, router over %s)", (transport, over) => {
  test("of a client goes on while it arrives, in its place, with the same octets", async () => {
    const { client, router, octets } = await joined(transport, over);
    const [first, rest] = halves(client.frameOf(octets(call(2))));
    client.says(call(1, 1));
    client.socket.write(first);
    expect((await router.next())?.[1]).toBe(1);
    await router.receives(MOST);
    client.socket.write(Buffer.concat([rest, client.frameOf(octets(call(3, 1)))]));
    expect((await router.nextOctets())?.equals(octets(call(2)))).toBe(true);
    expect((await router.next())?.[1]).toBe(3);
  });

  test("of a router goes on while it arrives, in its place, with the same octets", async () => {
    const { client, router, octets } = await joined(transport, over);
    const held = outgoingMemory.octets;
    const before = client.receivedOctets;
    const [first, rest] = halves(router.frameOf(octets(result(2))));
    router.says(result(1, 1));
    router.socket.write(first);
    expect((await client.next())?.[1]).toBe(1);
    await client.receives(before + MOST);
    // There is no room reserved for the whole message.
    expect(outgoingMemory.octets - held).toBeLessThanOrEqual(65_536);
    router.socket.write(Buffer.concat([rest, router.frameOf(octets(result(3, 1)))]));
    expect((await client.nextOctets())?.equals(octets(result(2)))).toBe(true);
    expect((await client.next())?.[1]).toBe(3);
    expect(outgoingMemory.octets).toBe(held);
  });

  test("of a client that stops ends both connections at message_timeout", async () => {
    const before = messageMemory();
    const { proxy, client, router, octets } = await joined(transport, over, {
      options: { message_timeout: 50 },
    });
    client.socket.write(client.frameOf(octets(call(1))).subarray(0, 20_000));
    await router.receives(16_000);
    const [type, , uri] = (await client.next()) ?? [];
    expect([type, uri]).toEqual([6, "crossproxy.close.message_timeout"]);
    expect(await client.closed).toBe(transport === "websocket" ? 1008 : null);
    // No GOODBYE: it would be a part of the message.
    expect(await router.nextOctets()).toBeUndefined();
    expect(router.closeFrame).toBe(over === "websocket" ? "1000 wamp.close.close_realm" : "");
    await proxy.empty();
    expect(messageMemory()).toBe(before);
  });

  test("of a router that stops ends both connections at message_timeout", async () => {
    const { client, router, octets } = await joined(transport, over, {
      options: { message_timeout: 50 },
    });
    router.socket.write(router.frameOf(octets(result(1))).subarray(0, 20_000));
    const [type, , uri] = (await router.next()) ?? [];
    expect([type, uri]).toEqual([6, "crossproxy.close.message_timeout"]);
    expect(await client.next()).toBeUndefined();
    expect(await client.closed).toBe(transport === "websocket" ? 1012 : null);
    const reason = transport === "websocket" ? "crossproxy.close.message_timeout" : "";
    expect(client.closeReason).toBe(reason);
  });

  test("of a router that is lost ends the client's connection", async () => {
    const { client, router, octets } = await joined(transport, over);
    const before = client.receivedOctets;
    router.socket.write(router.frameOf(octets(result(1))).subarray(0, HALF));
    await client.receives(before + MOST);
    router.socket.destroy();
    expect(await client.next()).toBeUndefined();
    expect(await client.closed).toBe(transport === "websocket" ? 1012 : null);
    const reason = transport === "websocket" ? "wamp.close.system_shutdown" : "";
    expect(client.closeReason).toBe(reason);
  });

  test("of a router that is lost is taken back if nothing of it has gone on", async () => {
    const { client, router, octets } = await joined(transport, over);
    const begin = router.frameOf(octets(result(2))).subarray(0, 200);
    router.socket.write(Buffer.concat([router.frameOf(octets(result(1, 1))), begin]));
    expect((await client.next())?.[1]).toBe(1);
    router.socket.destroy();
    expect((await client.next())?.[2]).toBe("wamp.close.system_shutdown");
  });

  test("of a client that is lost is taken back if nothing of it has gone on", async () => {
    const { client, router, octets } = await joined(transport, over);
    const begin = client.frameOf(octets(call(2))).subarray(0, 200);
    client.socket.write(Buffer.concat([client.frameOf(octets(call(1, 1))), begin]));
    expect((await router.next())?.[1]).toBe(1);
    client.socket.resetAndDestroy();
    expect((await router.next())?.[2]).toBe("wamp.close.close_realm");
  });

  test("is taken back where its router does not answer GOODBYE and nothing has gone on", async () => {
    const { client, router, octets } = await joined(transport, over, { goodbyeTimeoutMs: 20 });
    const begin = router.frameOf(octets(result(2))).subarray(0, 200);
    router.socket.write(Buffer.concat([router.frameOf(octets(result(1, 1))), begin]));
    expect((await client.next())?.[1]).toBe(1);
    client.says([6, {}, "wamp.close.close_realm"]);
    expect((await client.next())?.[2]).toBe("wamp.close.goodbye_and_out");
  });

  test("of a client that is lost ends the router's connection", async () => {
    const { proxy, client, router, octets } = await joined(transport, over);
    client.socket.write(client.frameOf(octets(call(1))).subarray(0, HALF));
    await router.receives(MOST);
    client.socket.resetAndDestroy();
    expect(await router.nextOctets()).toBeUndefined();
    await proxy.empty();
  });

  test("is not completed when the router's session ends; the client is told why", async () => {
    const { proxy, client, router, octets } = await joined(transport, over);
    const [first, rest] = halves(client.frameOf(octets(call(1))));
    client.socket.write(first);
    await router.receives(MOST);
    router.says([6, {}, "wamp.close.killed"]);
    expect((await client.next())?.[2]).toBe("wamp.close.killed");
    expect(await router.nextOctets()).toBeUndefined();
    expect(router.closeFrame).toBe(over === "websocket" ? "1000 wamp.close.goodbye_and_out" : "");
    client.socket.write(rest);
    client.says([6, {}, "wamp.close.goodbye_and_out"]);
    expect(await client.closed).toBe(transport === "websocket" ? 1001 : null);
    expect(proxy.counts.late).toBe(1);
  });

  test("of a client is not completed when the node shuts down", async () => {
    const { proxy, client, router, octets } = await joined(transport, over);
    client.socket.write(client.frameOf(octets(call(1))).subarray(0, HALF));
    await router.receives(MOST);
    proxy.open[0]?.shutdown();
    expect((await client.next())?.[2]).toBe("wamp.close.system_shutdown");
    expect(await router.nextOctets()).toBeUndefined();
  });

  test("of a router is not completed when the node shuts down", async () => {
    const { proxy, client, router, octets } = await joined(transport, over);
    const before = client.receivedOctets;
    router.socket.write(router.frameOf(octets(result(1))).subarray(0, HALF));
    await client.receives(before + MOST);
    proxy.open[0]?.shutdown();
    expect((await router.next())?.[2]).toBe("wamp.close.system_shutdown");
    expect(await client.next()).toBeUndefined();
    expect(await client.closed).toBe(transport === "websocket" ? 1001 : null);
  });

  test("of a router that never answers GOODBYE ends with the connection", async () => {
    const { client, router, octets } = await joined(transport, over, { goodbyeTimeoutMs: 20 });
    const before = client.receivedOctets;
    router.socket.write(router.frameOf(octets(result(1))).subarray(0, HALF));
    await client.receives(before + MOST);
    client.says([6, {}, "wamp.close.close_realm"]);
    expect((await router.next())?.[0]).toBe(6);
    expect(await client.next()).toBeUndefined();
    expect(await client.closed).toBe(transport === "websocket" ? 1000 : null);
  });

  test("behind the client's GOODBYE is late, and does not go on", async () => {
    const { proxy, client, router, octets } = await joined(transport, over);
    client.says([6, {}, "wamp.close.close_realm"]);
    expect((await router.next())?.[0]).toBe(6);
    for (const half of halves(client.frameOf(octets(call(1))))) client.socket.write(half);
    client.ping("read");
    await client.pong;
    expect(proxy.counts.late).toBe(1);
    router.says([6, {}, "wamp.close.goodbye_and_out"]);
    expect((await client.next())?.[0]).toBe(6);
    expect(await router.nextOctets()).toBeUndefined();
    expect(router.incompleteOctets).toBe(0);
  });

  test("of a client waits in its system while the router does not read", async () => {
    const { client, router, octets } = await joined(transport, over, {
      options: { max_message_size: 2 ** 24 },
    });
    const before = messageMemory();
    router.socket.pause();
    const long = octets(call(1, 16_000_000));
    client.socket.write(client.frameOf(long));
    await isFilled(client.socket);
    expect(messageMemory() - before).toBeLessThan(2 ** 20);
    router.socket.resume();
    expect((await router.nextOctets())?.equals(long)).toBe(true);
    expect(messageMemory()).toBe(before);
  });

  test("of a router waits in its system while the client does not read", async () => {
    const { client, router, octets } = await joined(transport, over);
    const before = outgoingMemory.octets;
    client.socket.pause();
    const long = octets(result(1, 16_000_000));
    router.socket.write(router.frameOf(long));
    await isFilled(router.socket);
    expect(outgoingMemory.octets - before).toBeLessThan(2 ** 20);
    client.socket.resume();
    expect((await client.nextOctets())?.equals(long)).toBe(true);
    expect(outgoingMemory.octets).toBe(before);
  });

  test("whose receiver takes nothing for stall_timeout ends the session", async () => {
    const { client, router, octets } = await joined(transport, over, {
      options: { max_message_size: 2 ** 24, stall_timeout: 100 },
    });
    router.socket.pause();
    client.socket.write(client.frameOf(octets(call(1, 16_000_000))));
    expect((await client.next())?.[2]).toBe("crossproxy.close.router_stalled");
  });

  test("with a head that WAMP does not allow is refused when it is complete", async () => {
    const { client, router, octets } = await joined(transport, over);
    const [first, rest] = halves(client.frameOf(octets([48, -1, {}, "a", ["x".repeat(LONG)]])));
    client.socket.write(first);
    client.socket.write(rest);
    const [type, , uri] = (await client.next()) ?? [];
    expect([type, uri]).toEqual([3, "wamp.error.protocol_violation"]);
    expect((await router.next())?.[0]).toBe(6);
  });
});

test.each(TRANSPORTS)(
  "a long message lets the ERROR for another one wait for its end (%s)",
  async (transport) => {
    const { client, router, octets } = await joined(transport, "rawsocket", {}, 8);
    const before = client.receivedOctets;
    const [first, rest] = halves(router.frameOf(octets(result(1))));
    router.socket.write(first);
    await client.receives(before + MOST);
    client.says(call(2, 200_000), call(3, 1));
    // Nothing of a message that is longer than the router takes goes on.
    expect((await router.next())?.[1]).toBe(3);
    router.socket.write(rest);
    expect((await client.next())?.[1]).toBe(1);
    const [, type, id, , uri] = (await client.next()) ?? [];
    expect([type, id, uri]).toEqual([48, 2, "wamp.error.payload_size_exceeded"]);
  },
);

describe.each(TRANSPORTS)("on a connection that sessions share (%s)", (transport) => {
  async function shared() {
    const serializer = SERIALIZERS[transport];
    const proxy = await sessionHarness({
      router: { serializer, sharesConnections: true },
      options: { max_message_size: 2 ** 24, stall_timeout: 0 },
    });
    const session = async () => {
      const client = await proxy.connect(transport);
      client.says([1, "realm1", { roles: { caller: {} } }]);
      const router = await proxy.router.session();
      await router.welcome();
      await client.next();
      return { client, router };
    };
    return { proxy, one: await session(), other: await session() };
  }
  const octets = (message: unknown[]) =>
    Buffer.from(encodeMessage(message, SERIALIZERS[transport]));

  test("a message of 16 MB arrives, in both directions", async () => {
    const { one } = await shared();
    const held = outgoingMemory.octets;
    const long = octets(call(1, 16_000_000));
    one.client.sends(long);
    expect(Buffer.compare((await one.router.nextOctets()) as Uint8Array, long)).toBe(0);
    const answer = octets(result(1, 16_000_000));
    one.router.saysOctets(answer);
    expect((await one.client.nextOctets())?.equals(answer)).toBe(true);
    expect(outgoingMemory.octets).toBe(held);
  });

  test("a message that lacks its end delays no other session, and ends only its own", async () => {
    const { one, other } = await shared();
    one.client.socket.write(one.client.frameOf(octets(call(1))).subarray(0, HALF));
    for (let id = 1; id <= 20; id++) {
      other.client.says(call(id, 100));
      expect((await other.router.next())[1]).toBe(id);
      other.router.says(result(id, 100));
      expect((await other.client.next())?.[1]).toBe(id);
    }
    one.client.socket.resetAndDestroy();
    expect(await one.router.rest()).toEqual([]);
    other.client.says(call(21));
    expect((await other.router.next())[1]).toBe(21);
  });

  test("a message whose receiver does not read delays no other session", async () => {
    const { one, other } = await shared();
    one.router.stopReading();
    const long = octets(call(1, 16_000_000));
    one.client.sends(long);
    for (let id = 1; id <= 20; id++) {
      other.client.says(call(id, 100));
      expect((await other.router.next())[1]).toBe(id);
    }
    one.router.readOn();
    expect(Buffer.compare((await one.router.nextOctets()) as Uint8Array, long)).toBe(0);
  });
});

test.each([
  ["rawsocket", "00000100 9432"],
  ["websocket", "827e0100 9432"],
] as const)(
  "a message of a router that is collected has message_timeout, too (%s)",
  async (silent, begin) => {
    const proxy = await sessionHarness({
      router: { serializer: "msgpack" },
      silent,
      options: { message_timeout: 50 },
    });
    const client = await proxy.connect("websocket");
    client.says([1, "silent", { roles: { caller: {}, callee: {} } }]);
    const router = await RawRouter.welcome(await proxy.silent.connection(), "msgpack");
    await client.next();
    router.socket.write(Buffer.from(begin.replace(" ", ""), "hex"));
    const [type, , uri] = (await client.next()) ?? [];
    expect([type, uri]).toEqual([6, "crossproxy.close.message_timeout"]);
    expect((await router.next())?.[2]).toBe("crossproxy.close.message_timeout");
    proxy.routes.stop();
    expect(proxy.logged.map(([, event]) => event)).toContain("router connection lost");
  },
);

describe("a client over WebSocket", () => {
  test("a ping amid a long message of the router is answered at once", async () => {
    const { client, router, octets } = await joined("websocket", "rawsocket");
    const before = client.receivedOctets;
    const [first, rest] = halves(router.frameOf(octets(result(1))));
    router.socket.write(first);
    await client.receives(before + MOST);
    client.ping("now");
    expect((await client.pong).toString()).toBe("now");
    router.socket.write(rest);
    expect((await client.nextOctets())?.equals(octets(result(1)))).toBe(true);
  });

  test.each(TRANSPORTS)(
    "text that is not UTF-8 ends its session, and its router lacks the end (%s)",
    async (over) => {
      const { proxy, client, router, octets } = await joined("websocket", over);
      const text = octets(call(1));
      text[800_000] = 0xff;
      client.socket.write(client.frameOf(text));
      expect(await client.closed).toBe(1007);
      expect(client.closeReason).toBe("a text is not UTF-8");
      expect(await router.nextOctets()).toBeUndefined();
      expect(router.incompleteOctets).toBeLessThan(800_100);
      expect(router.closeFrame).toBe(over === "websocket" ? "1000 wamp.close.close_realm" : "");
      await proxy.empty();
    },
  );

  test("a call beyond max_message_size gets an ERROR, and nothing of it goes on", async () => {
    const { client, router, octets } = await joined("websocket", "rawsocket", {
      options: { max_message_size: 700_000 },
    });
    for (const half of halves(client.frameOf(octets(call(1))))) client.socket.write(half);
    const [, type, id, , uri] = (await client.next()) ?? [];
    expect([type, id, uri]).toEqual([48, 1, "wamp.error.payload_size_exceeded"]);
    client.says(call(2, 1));
    expect((await router.next())?.[1]).toBe(2);
  });

  test("fragments have at most auto_fragment_size octets", async () => {
    const { client, router, octets } = await joined("websocket", "rawsocket", {
      options: { auto_fragment_size: 5000 },
    });
    const before = client.receivedOctets;
    const [first, rest] = halves(router.frameOf(octets(result(1))));
    router.socket.write(first);
    await client.receives(before + MOST);
    router.socket.write(rest);
    const long = octets(result(1));
    expect((await client.nextOctets())?.equals(long)).toBe(true);
    expect(client.receivedOctets - before - long.length).toBeGreaterThanOrEqual(4 * 200);
  });

  test("a message that is compressed on the way arrives whole before it goes on", async () => {
    const proxy = await sessionHarness({
      router: { serializer: "json" },
      options: { compression: { deflate: deflating({}) } },
    });
    const client = await RawWebSocket.open(proxy.urls.websocket, {
      "Sec-WebSocket-Protocol": "wamp.2.json",
      "Sec-WebSocket-Extensions": "permessage-deflate; client_no_context_takeover",
    });
    afterTest(() => client.destroy());
    client.sendFrame(0x81, Buffer.from('[1,"silent",{"roles":{"caller":{}}}]'));
    const router = await RawRouter.welcome(await proxy.silent.connection(), "json");
    await client.nextFrame();
    const text = Buffer.from(JSON.stringify(result(1, 500_000)));
    const frame = router.frameOf(text);
    router.socket.write(frame.subarray(0, 300_000));
    router.socket.write(frame.subarray(300_000));
    const { head, payload } = await client.nextFrame();
    expect([head, payload.length < 10_000]).toEqual([0xc1, true]);
  });
});

test("a client over RawSocket: a ping amid a long message is answered behind it", async () => {
  const { client, router, octets } = await joined("rawsocket", "rawsocket");
  const before = client.receivedOctets;
  const [first, rest] = halves(router.frameOf(octets(result(1))));
  router.socket.write(first);
  await client.receives(before + MOST);
  client.ping("now");
  client.says(call(2, 1));
  await router.next();
  router.socket.write(rest);
  expect((await client.nextOctets())?.equals(octets(result(1)))).toBe(true);
  expect((await client.pong).toString()).toBe("now");
});

describe("a router over WebSocket", () => {
  test.each(TRANSPORTS)(
    "gets fragments, and the answer to its ping between them (%s)",
    async (transport) => {
      const { client, router, octets } = await joined(transport, "websocket");
      const [first, rest] = halves(client.frameOf(octets(call(1))));
      const before = router.fragments;
      client.socket.write(first);
      await router.receives(MOST);
      router.ping("now");
      expect((await router.pong).toString()).toBe("now");
      client.socket.write(rest);
      expect((await router.nextOctets())?.equals(octets(call(1)))).toBe(true);
      expect(router.fragments - before).toBeGreaterThan(1);
    },
  );

  test("that sends text which is not UTF-8 is lost to its client, and told why", async () => {
    const { client, router, octets } = await joined("websocket", "websocket");
    const text = octets(result(1));
    text[800_000] = 0xff;
    router.socket.write(router.frameOf(text));
    expect(await client.next()).toBeUndefined();
    expect([await client.closed, client.closeReason]).toEqual([1012, "wamp.close.system_shutdown"]);
    await router.closed;
    expect(router.closeFrame).toBe("1007 a text is not UTF-8");
  });

  test("that closes amid a message of its client is answered, and the client is told", async () => {
    const { client, router, octets } = await joined("websocket", "websocket");
    client.socket.write(client.frameOf(octets(call(1))).subarray(0, HALF));
    await router.receives(MOST);
    router.socket.write(unmaskedFrame(0x88, Buffer.from("03e9", "hex")));
    expect((await client.next())?.[2]).toBe("wamp.close.system_shutdown");
    await router.closed;
    expect([router.closeFrame, await router.nextOctets()]).toEqual(["1001 ", undefined]);
  });

  test("that sends fragments has them collected", async () => {
    const { client, router, octets } = await joined("websocket", "websocket");
    const long = octets(result(1));
    const before = client.receivedOctets;
    router.socket.write(unmaskedFrame(0x01, long.subarray(0, HALF)));
    router.ping("read");
    await router.pong;
    expect(client.receivedOctets).toBe(before);
    router.socket.write(unmaskedFrame(0x80, long.subarray(HALF)));
    expect((await client.nextOctets())?.equals(long)).toBe(true);
  });

  test("with half a message keeps no other session from its own", async () => {
    const { proxy, client, router, octets } = await joined("websocket", "websocket");
    const other = await joinedTo(proxy, "websocket");
    client.socket.write(client.frameOf(octets(call(1))).subarray(0, HALF));
    await router.receives(MOST);
    client.socket.resetAndDestroy();
    await router.closed;
    other.client.says(call(2));
    expect((await other.router.nextOctets())?.equals(octets(call(2)))).toBe(true);
    other.router.says(result(2));
    expect((await other.client.nextOctets())?.equals(octets(result(2)))).toBe(true);
  });
});
