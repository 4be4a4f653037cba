/** Long messages that are sent to a router over WebSocket part by part, however they are cut. */

import { expect, test } from "bun:test";
import fc from "fast-check";
import { messageMemory } from "#base/message-memory.ts";
import { TOWARDS_SERVERS } from "#transport/websocket/options-towards-servers.ts";
import { WebSocketPeer } from "#transport/websocket/websocket-peer.ts";
import { maskedFrames } from "../support/masked-frames.ts";
import { ScriptedSocket } from "../support/scripted-socket.ts";

const SERIALIZERS = { json: 0x01, cbor: 0x02 } as const;

function routerPeer(serializer: keyof typeof SERIALIZERS) {
  const socket = new ScriptedSocket();
  const peer = "tcp4:127.0.0.1:1";
  const options = { ...TOWARDS_SERVERS, max_buffered: 2 ** 23 };
  const details = { type: "websocket", peer, serializer, isSecure: false, isUnixSocket: false };
  const given = { socket, answer: null, options, peer, codec: null };
  return { socket, peer: new WebSocketPeer(given, details as WebSocketPeer["details"]) };
}

/** A part of a message, and what the socket takes of it at once; a message behind it, and a ping amid it. */
const part = fc.record({
  octets: fc.oneof(
    fc.integer({ min: 1, max: 300 }),
    fc.integer({ min: 65_500, max: 65_560 }),
    fc.integer({ min: 100_000, max: 300_000 }),
  ),
  takes: fc.oneof(fc.constant(Number.POSITIVE_INFINITY), fc.integer({ min: 0, max: 200_000 })),
  isPinged: fc.boolean(),
  sends: fc.boolean(),
});

const PATTERN = Buffer.from(Array.from({ length: 256 }, (_, at) => at));

test("all octets arrive in order, in fragments whose masks differ, with control frames between them", () => {
  const parts = fc.array(part, { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(parts, fc.constantFrom("json", "cbor"), fc.nat({ max: 7 }), (all, kind, offset) => {
      const before = messageMemory();
      const { socket, peer } = routerPeer(kind);
      const length = all.reduce((sum, { octets }) => sum + octets, 0);
      const message = Buffer.alloc(length, PATTERN);
      expect(peer.beginMessage(length)).toBe(true);
      const behind: string[] = [];
      let at = 0;
      for (const [index, { octets, takes, isPinged, sends }] of all.entries()) {
        socket.takes = takes;
        if (sends) {
          behind.push(`[${index}]`);
          peer.send(Buffer.from(`[${index}]`));
        }
        if (isPinged) peer.received(Buffer.from([0x89, 1, index]));
        // A part lies anywhere in what was read, and the rest of that is not the peer's.
        const read = Buffer.alloc(offset + octets + 5, 0xee);
        message.copy(read, offset, at, at + octets);
        peer.cork(() => void peer.sendPart(read.subarray(offset, offset + octets)));
        expect(read.toString("hex", 0, offset) + read.toString("hex", offset + octets)).toBe(
          "ee".repeat(offset + 5),
        );
        at += octets;
      }
      socket.takes = Number.POSITIVE_INFINITY;
      peer.drained();
      peer.cork(() => {});
      const frames = maskedFrames(Buffer.from(socket.text, "latin1"));
      const pongs = frames.filter(({ head }) => head === 0x8a);
      expect(pongs.length).toBe(all.filter(({ isPinged }) => isPinged).length);
      const data = frames.filter(({ head }) => head !== 0x8a);
      const fragments = data.slice(0, all.length);
      expect(Buffer.concat(fragments.map(({ payload }) => payload)).equals(message)).toBe(true);
      const heads: number[] = fragments.map(() => 0);
      heads[0] = SERIALIZERS[kind];
      heads[heads.length - 1] = (heads.at(-1) ?? 0) | 0x80;
      expect(fragments.map(({ head }) => head)).toEqual(heads);
      expect(data.slice(all.length).map(({ payload }) => payload.toString())).toEqual(behind);
      expect(new Set(frames.map(({ key }) => key)).size).toBe(frames.length);
      expect(peer.isAmidMessage).toBe(false);
      peer.closed(undefined);
      expect(messageMemory()).toBe(before);
    }),
    { numRuns: 100 },
  );
});
