import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { messageMemory } from "#base/message-memory.ts";
import type { Peer, WireMessage } from "#wamp/peer.ts";
import { ScriptedClient } from "../support/scripted-client.ts";
import { openTransport, rawSocketTransport, webSocketTransport } from "../support/transports.ts";

const KINDS = { websocket: webSocketTransport, rawsocket: rawSocketTransport };

let accept: (peer: Peer) => { onMessage(message: WireMessage): void } = () => ({ onMessage() {} });

/** A message: its length, and what the session does at it. */
const step = fc.record({
  octets: fc.oneof(
    { weight: 8, arbitrary: fc.integer({ min: 8, max: 2000 }) },
    { weight: 1, arbitrary: fc.integer({ min: 60_000, max: 1_500_000 }) },
  ),
  action: fc.constantFrom("read on", "pause", "pause and resume", "pause twice", "close"),
});

/** The number of a message, filled up with spaces. */
const messageOf = (number: number, octets: number) => Buffer.from(`[${number}]`.padEnd(octets));

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe.each(["websocket", "rawsocket"] as const)(
  "a connection that is paused and resumed at random (%s)",
  (kind) => {
    test("delivers every message once, in order, none while it is paused or after it is closed", async () => {
      const heldByOthers = messageMemory();
      const config = KINDS[kind]({ max_message_size: 2 ** 23 });
      const handlers = { onDrain() {}, onClose() {} };
      const { url } = await openTransport(config, (peer) => ({ ...handlers, ...accept(peer) }));
      const steps = fc.array(step, { minLength: 1, maxLength: 60 });
      await fc.assert(
        fc.asyncProperty(steps, fc.integer({ min: 1, max: 4 }), async (all, writes) => {
          const received: string[] = [];
          let isPaused = false;
          let isClosed = false;
          const done = Promise.withResolvers<void>();
          accept = (peer) => ({
            onMessage(message) {
              const text = Buffer.from(message as Uint8Array).toString();
              expect([isPaused, isClosed]).toEqual([false, false]);
              const { action, octets } = all[received.length] ?? { action: "close", octets: 0 };
              received.push(text.trimEnd());
              expect(text.length).toBe(octets);
              isPaused = action === "pause" || action === "pause twice";
              if (action !== "read on") peer.pause();
              if (action === "pause and resume") peer.resume();
              if (action === "pause twice") peer.pause();
              if (isPaused) {
                setImmediate(() => {
                  isPaused = false;
                  peer.resume();
                });
              }
              if (action === "close" || received.length === all.length) {
                isClosed = true;
                peer.close(1000, "done");
                done.resolve();
              }
            },
          });
          const client = await ScriptedClient.open(url, "json");
          const messages = all.map(({ octets }, number) => messageOf(number, octets));
          const each = Math.ceil(messages.length / writes);
          for (let at = 0; at < messages.length; at += each) {
            client.sends(...messages.slice(at, at + each));
            await turn();
          }
          await done.promise;
          await client.closed;
          const end = all.findIndex(({ action }) => action === "close");
          const count = end < 0 ? all.length : end + 1;
          expect(received).toEqual(Array.from({ length: count }, (_, number) => `[${number}]`));
          client.socket.destroy();
        }),
        { numRuns: 60 },
      );
      while (messageMemory() > heldByOthers) await turn();
    });
  },
);
