/** What waits for clients that do not read, of all connections of a transport together. */

import { beforeEach, expect, test } from "bun:test";
import { outgoingMemory } from "#base/outgoing-memory.ts";
import { slowClients } from "#observe/slow-clients.ts";
import type { Peer } from "#wamp/peer.ts";
import { afterTest } from "../support/cleanups.ts";
import { keptLog } from "../support/kept-log.ts";
import { quietContext } from "../support/quiet-context.ts";
import { ScriptedClient } from "../support/scripted-client.ts";
import { openTransport, rawSocketTransport, webSocketTransport } from "../support/transports.ts";

/** Connections of other tests in this process may hold something. */
let heldByOthers = 0;
beforeEach(() => {
  heldByOthers = outgoingMemory.octets;
});
const held = () => outgoingMemory.octets - heldByOthers;

/** More than the buffers of the system take for one connection. */
const message = Buffer.alloc(14_000_000, "x");

test.each(["websocket", "rawsocket"] as const)(
  "ends the client that holds the most (%s)",
  async (kind) => {
    const { log, logged } = keptLog("warn");
    const sessions: { peer: Peer; closed: Promise<string> }[] = [];
    const accept = (peer: Peer) => {
      const closed = Promise.withResolvers<string>();
      sessions.push({ peer, closed: closed.promise });
      return { onMessage() {}, onDrain() {}, onClose: closed.resolve };
    };
    const before = slowClients.cutOff;
    const options = { max_outgoing: heldByOthers + 30_000_000 };
    const config = kind === "websocket" ? webSocketTransport(options) : rawSocketTransport(options);
    const { url } = await openTransport(config, accept, { ...quietContext, log });
    const connect = async () => {
      const client = await ScriptedClient.open(url, "cbor");
      afterTest(() => client.socket.destroy());
      return client;
    };
    const [slow, slower, reading] = [await connect(), await connect(), await connect()];
    const others = await Promise.all(Array.from({ length: 8 }, connect));
    for (const client of [slow, slower, ...others]) client.socket.pause();
    const [first, second, third, ...rest] = sessions;
    first?.peer.send(message.subarray(0, 8_000_000));
    second?.peer.send(message);
    for (const { peer } of rest) {
      expect(held()).toBeLessThan(30_000_000);
      if (logged.length === 0) peer.send(message.subarray(0, 8_000_000));
    }
    third?.peer.send(message.subarray(0, 100_000));
    const reason =
      "what waits for all clients takes too much memory, and much of it waits for this one";
    expect(await second?.closed).toBe(reason);
    const fields = { peer: second?.peer.details.peer, waiting: expect.any(Number), reason };
    expect(logged).toEqual([["client did not read", fields]]);
    expect(slowClients.cutOff - before).toBe(1);
    expect((await reading.nextOctets())?.length).toBe(100_000);
    slower.socket.resume();
    expect(await slower.closed).toBeNull();
    slow.socket.resume();
    expect((await slow.nextOctets())?.length).toBe(8_000_000);
    for (const { socket } of others) socket.destroy();
    for (const { closed } of rest) await closed;
    expect(held()).toBe(0);
  },
);
