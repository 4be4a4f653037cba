import { beforeEach, describe, expect, test } from "bun:test";
import { messageMemory } from "#base/message-memory.ts";
import type { IncompleteMessageOptions } from "#config/options/session-config.ts";
import type { GivenUp, Peer, WireMessage } from "#wamp/peer.ts";
import { afterTest } from "../support/cleanups.ts";
import { keptLog } from "../support/kept-log.ts";
import { quietContext } from "../support/quiet-context.ts";
import { ScriptedClient } from "../support/scripted-client.ts";
import { openTransport, rawSocketTransport, webSocketTransport } from "../support/transports.ts";

/** Decoders of other tests in this process may hold incomplete messages. */
let heldByOthers = 0;
beforeEach(() => {
  heldByOthers = messageMemory();
});
const held = () => messageMemory() - heldByOthers;

const KINDS = ["websocket", "rawsocket"] as const;

/** A transport with these limits whose sessions say GOODBYE when they are given up. */
async function start(kind: (typeof KINDS)[number], limits: Partial<IncompleteMessageOptions>) {
  const { log, logged } = keptLog("warn");
  const lengths: number[] = [];
  const sessions: { peer: Peer; closed: Promise<string> }[] = [];
  let wake = () => {};
  const options = { ...limits, max_message_size: 2 ** 23 };
  const accept = (peer: Peer) => {
    const closed = Promise.withResolvers<string>();
    sessions.push({ peer, closed: closed.promise });
    return {
      onMessage(message: WireMessage) {
        lengths.push(message.length);
        wake();
      },
      onGivenUp: ({ uri, code, sentence }: GivenUp) => {
        peer.send(Buffer.from(JSON.stringify([6, {}, uri])));
        peer.close(code, sentence);
      },
      onDrain() {},
      onClose: closed.resolve,
    };
  };
  const config = kind === "websocket" ? webSocketTransport(options) : rawSocketTransport(options);
  const { url } = await openTransport(config, accept, { ...quietContext, log });
  return {
    logged,
    lengths,
    sessions,
    async connect() {
      const client = await ScriptedClient.open(url, "json");
      afterTest(() => client.socket.destroy());
      return client;
    },
    async count(count: number) {
      while (lengths.length < count) await new Promise<void>((resolve) => (wake = resolve));
    },
  };
}

/** The begin of a frame with so many octets, and its rest. */
function frameInTwo(kind: (typeof KINDS)[number], octets: number, begin: number) {
  const payload = Buffer.alloc(octets, " ");
  const length = Buffer.alloc(8);
  length.writeBigUInt64BE(BigInt(octets));
  const head =
    kind === "websocket"
      ? Buffer.concat([Buffer.from("81ff", "hex"), length, Buffer.alloc(4)])
      : Buffer.concat([Buffer.alloc(1), length.subarray(5)]);
  const frame = Buffer.concat([head, payload]);
  return [frame.subarray(0, head.length + begin), frame.subarray(head.length + begin)] as const;
}

describe.each(KINDS)("an incomplete message (%s)", (kind) => {
  test("is not waited for longer than message_timeout", async () => {
    const { connect, logged, sessions } = await start(kind, { message_timeout: 50 });
    const client = await connect();
    client.socket.write(frameInTwo(kind, 100_000, 1)[0]);
    expect(await client.next()).toEqual([6, {}, "crossproxy.close.message_timeout"]);
    const reason = "a message was not complete within 50 ms";
    expect(await sessions[0]?.closed).toBe(reason);
    if (kind === "websocket") expect(await client.closed).toBe(1008);
    expect(logged).toEqual([["client given up", { peer: sessions[0]?.peer.details.peer, reason }]]);
    expect(held()).toBe(0);
  });

  test("is not waited for longer because its connection was paused before", async () => {
    const { connect, sessions } = await start(kind, { message_timeout: 400 });
    const client = await connect();
    client.socket.write(frameInTwo(kind, 100_000, 1)[0]);
    let isOpen = true;
    const end = client.next().finally(() => (isOpen = false));
    const peer = sessions[0]?.peer;
    while (isOpen) {
      peer?.pause();
      peer?.resume();
      await new Promise(setImmediate);
    }
    expect(await end).toEqual([6, {}, "crossproxy.close.message_timeout"]);
  });

  test("may begin with a part of its head", async () => {
    const { connect } = await start(kind, { message_timeout: 50 });
    const client = await connect();
    client.socket.write(Uint8Array.of(kind === "websocket" ? 0x81 : 0));
    expect(await client.next()).toEqual([6, {}, "crossproxy.close.message_timeout"]);
  });

  test("ends its session when all of them take more memory than max_incomplete", async () => {
    const { connect, count, lengths, logged, sessions } = await start(kind, {
      max_incomplete: heldByOthers + 2 ** 21,
    });
    const [first, second, small] = [await connect(), await connect(), await connect()];
    const [begin, rest] = frameInTwo(kind, 1_500_000, 1_400_000);
    first.socket.write(begin);
    while (held() < 1_400_000) await new Promise(setImmediate);
    second.socket.write(frameInTwo(kind, 1_500_000, 1_400_000)[0]);
    expect(await second.next()).toEqual([6, {}, "crossproxy.close.overloaded"]);
    const reason = "the incomplete messages of all clients take too much memory; try again later";
    expect(await sessions[1]?.closed).toBe(reason);
    if (kind === "websocket") expect(await second.closed).toBe(1013);
    expect(logged).toEqual([["client given up", { peer: sessions[1]?.peer.details.peer, reason }]]);
    // Short messages, and the one that was there first, are not refused.
    small.sends(Buffer.alloc(60_000, " "));
    await count(1);
    first.socket.write(rest);
    await count(2);
    expect(lengths).toEqual([60_000, 1_500_000]);
    expect(held()).toBe(0);
  });
});

test.each(["ping", "pong"])("a fragmented message gets no more time from a %s", async (kind) => {
  const { connect } = await start("websocket", { message_timeout: 400 });
  const client = await connect();
  client.socket.write(Buffer.from("018101020304" + "5a", "hex"));
  let isOpen = true;
  const end = client.next().finally(() => (isOpen = false));
  const control = Buffer.from(kind === "ping" ? "898001020304" : "8a8001020304", "hex");
  while (isOpen) {
    client.socket.write(control);
    await new Promise(setImmediate);
  }
  expect(await end).toEqual([6, {}, "crossproxy.close.message_timeout"]);
});
