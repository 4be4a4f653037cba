/** Messages that peers send and receive part by part, over a scripted socket. */

import { describe, expect, test } from "bun:test";
import { messageMemory } from "#base/message-memory.ts";
import { outgoingMemory } from "#base/outgoing-memory.ts";
import { LongMessageGate } from "#transport/endpoint/long-message-gate.ts";
import { RawSocketPeer } from "#transport/rawsocket/rawsocket-peer.ts";
import { TOWARDS_SERVERS } from "#transport/websocket/options-towards-servers.ts";
import { DeflateCodec } from "#transport/websocket/permessage-deflate.ts";
import { WebSocketPeer } from "#transport/websocket/websocket-peer.ts";
import type { Peer, PeerHandler, TransportDetails } from "#wamp/peer.ts";
import { webSocketDefaults } from "../../support/default-options.ts";
import { maskedFrames, unmaskedFrame } from "../../support/masked-frames.ts";
import { quiet } from "../../support/quiet-context.ts";
import { ScriptedSocket } from "../../support/scripted-socket.ts";
import { turnEnd } from "../../support/turn-end.ts";

const LONG = 100_000;
const details = {
  peer: "tcp4:127.0.0.1:1",
  serializer: "cbor",
  isSecure: false,
  isUnixSocket: false,
} as const;

interface Received {
  ended(): void;
  received(chunk: Uint8Array): void;
  drained(): void;
  closed(error: Error | undefined): void;
}

/** The session of a peer: it takes long messages part by part, and notes what it gets. */
class Session implements PeerHandler {
  readonly got: string[] = [];
  drains = 0;
  onPart = () => {};

  onMessage(message: string | Uint8Array): void {
    this.got.push(`whole ${message.length}`);
  }
  onLongMessage(_head: Uint8Array, octets: number) {
    this.got.push(`begin ${octets}`);
    return {
      take: (part: Uint8Array) => {
        this.got.push(`part ${part.length}`);
        this.onPart();
      },
    };
  }
  onDrain(): void {
    this.drains += 1;
  }
  onClose(): void {}
}

function webSocketPeer(socket: ScriptedSocket, maxBuffered: number, codec?: DeflateCodec) {
  const all: TransportDetails = { ...details, type: "websocket" };
  const options = { ...webSocketDefaults, max_message_size: 150_000, max_buffered: maxBuffered };
  const owner = { log: quiet, noteClosed() {} };
  const answer = new Uint8Array(0);
  return new WebSocketPeer(
    { socket, answer, options, peer: details.peer, codec: codec ?? null, owner },
    all,
  );
}

/** The peer of a router over WebSocket. */
function webSocketRouterPeer(socket: ScriptedSocket, maxBuffered: number) {
  const all: TransportDetails = { ...details, type: "websocket" };
  const options = { ...TOWARDS_SERVERS, max_message_size: 150_000, max_buffered: maxBuffered };
  const gate = new LongMessageGate(2 ** 30);
  return new WebSocketPeer(
    { socket, answer: null, options, peer: details.peer, codec: null, gate },
    all,
  );
}

function rawSocketPeer(socket: ScriptedSocket, maxBuffered: number, maxOutgoing = 2 ** 30) {
  const agreement = { serializer: "cbor", maxSendOctets: 2 ** 20, maxReceiveOctets: 2 ** 20 };
  const all: TransportDetails = { ...details, type: "rawsocket" };
  return new RawSocketPeer({
    socket,
    agreement: agreement as ConstructorParameters<typeof RawSocketPeer>[0]["agreement"],
    details: all,
    maxBuffered,
    maxOutgoing,
  });
}

/** A frame as the other side sends it; the mask of a WebSocket is 00000000. */
const FRAMES = {
  websocket(octets: number, first = 0x82) {
    const long = Buffer.from([first, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    long.writeBigUInt64BE(BigInt(octets), 2);
    const short = Buffer.from([first, 0x80 | octets, 0, 0, 0, 0]);
    return Buffer.concat([octets > 125 ? long : short, Buffer.alloc(octets, "p")]);
  },
  rawsocket(octets: number) {
    const head = Buffer.alloc(4);
    head.writeUInt32BE(octets);
    return Buffer.concat([head, Buffer.alloc(octets, "p")]);
  },
  router: (octets: number, first = 0x82) => unmaskedFrame(first, Buffer.alloc(octets, "p")),
};
const CREATE = { websocket: webSocketPeer, rawsocket: rawSocketPeer, router: webSocketRouterPeer };
type Transport = keyof typeof CREATE;

/** `router`: a router over WebSocket. */
const TRANSPORTS = ["websocket", "rawsocket", "router"] as const;

function start(transport: Transport, maxBuffered = 2 ** 20) {
  const socket = new ScriptedSocket();
  const session = new Session();
  const peer = CREATE[transport](socket, maxBuffered) as Peer & Received & typeof attachable;
  peer.attach(session);
  /** What was written, without masks. */
  const sent = () => (transport === "router" ? withoutMasks(socket.text) : socket.text);
  return { socket, sent, session, peer, frame: FRAMES[transport] };
}

function withoutMasks(text: string): string {
  const frames = maskedFrames(Buffer.from(text, "latin1"));
  const plain = frames.map(({ head, payload }) => unmaskedFrame(head, payload));
  return Buffer.concat(plain).toString("latin1");
}
const attachable = { attach(_: PeerHandler): void {} };

const part = (octets: number) => Buffer.alloc(octets, "p");

describe.each(TRANSPORTS)("a peer (%s)", (transport) => {
  test("delivers nothing behind a long message while its session has paused it", () => {
    const { session, peer, frame } = start(transport);
    const long = frame(LONG);
    session.onPart = () => peer.pause();
    peer.received(Buffer.from(long.subarray(0, 50_000)));
    peer.resume();
    peer.received(Buffer.concat([long.subarray(50_000), frame(10)]));
    expect(session.got.filter((what) => what.startsWith("whole"))).toEqual([]);
    const octets = session.got.slice(1).reduce((sum, what) => sum + Number(what.split(" ")[1]), 0);
    expect([session.got[0], octets]).toEqual([`begin ${LONG}`, LONG]);
    peer.closed(undefined);
  });

  test("asks for less while more than 64 KiB of a message wait, and says when to go on", () => {
    const { socket, session, peer } = start(transport);
    socket.takes = 0;
    expect([peer.beginMessage?.(300_000), peer.isAmidMessage]).toEqual([true, true]);
    expect(peer.sendPart?.(part(LONG))).toBe(false);
    socket.takes = Number.POSITIVE_INFINITY;
    peer.drained();
    expect(session.drains).toBe(1);
    expect(peer.sendPart?.(part(LONG))).toBe(true);
    expect(peer.isAmidMessage).toBe(true);
    expect(peer.sendPart?.(part(LONG))).toBe(true);
    expect(peer.isAmidMessage).toBe(false);
    peer.closed(undefined);
  });

  test("has other messages wait, counts them, and says when they are sent", async () => {
    const { sent, session, peer } = start(transport, 1000);
    peer.beginMessage?.(2 * LONG);
    peer.sendPart?.(part(LONG));
    await turnEnd();
    const before = sent().length;
    expect(peer.send(part(800).fill("a"))).toBe(true);
    expect(peer.send(part(200).fill("b"))).toBe(false);
    await turnEnd();
    expect([sent().length, session.drains]).toEqual([before, 0]);
    expect(peer.bufferedOctets).toBeGreaterThanOrEqual(1000);
    peer.sendPart?.(part(LONG));
    await turnEnd();
    expect([session.drains, peer.bufferedOctets]).toEqual([1, 0]);
    expect(sent().slice(-1200)).toMatch(/^p+[^pa]{2,4}a{800}[^ab]{2,4}b{200}$/s);
    peer.closed(undefined);
  });

  test("takes a message back of which nothing is sent, and sends what has waited for it", async () => {
    const { sent, peer } = start(transport);
    peer.beginMessage?.(2 * LONG);
    peer.send(part(9).fill("a"));
    peer.takeBackMessage?.();
    expect([peer.isAmidMessage, peer.sendPart?.(part(LONG))]).toEqual([false, true]);
    peer.send(part(9).fill("b"));
    await turnEnd();
    expect(sent().replaceAll(/[^abp]/g, "")).toBe(`${"a".repeat(9)}${"b".repeat(9)}`);
    peer.closed(undefined);
  });

  test("takes no message back of which a part is sent", async () => {
    const { sent, peer } = start(transport);
    peer.beginMessage?.(2 * LONG);
    peer.sendPart?.(part(LONG));
    peer.takeBackMessage?.();
    peer.sendPart?.(part(LONG));
    await turnEnd();
    expect(sent().replaceAll(/[^p]/g, "")).toHaveLength(2 * LONG);
    peer.closed(undefined);
  });

  test("drops them, and the rest of the message, when it is closed before its end", async () => {
    const { sent, peer } = start(transport);
    peer.beginMessage?.(2 * LONG);
    peer.sendPart?.(part(LONG));
    peer.send(part(9).fill("a"));
    peer.close(1012, "because");
    expect(peer.isAmidMessage).toBe(false);
    expect(peer.sendPart?.(part(LONG))).toBe(true);
    await turnEnd();
    const end = transport === "rawsocket" ? "p" : "\x88\x09\x03\xf4because";
    expect([sent().includes("a".repeat(9)), sent().endsWith(end)]).toEqual([false, true]);
    expect([peer.beginMessage?.(LONG), peer.isAmidMessage]).toEqual([false, false]);
    peer.closed(undefined);
  });
});

test("pings amid a message take memory that is counted, and many of them are not read", () => {
  const before = outgoingMemory.octets;
  const { socket, peer } = start("rawsocket", 100_000);
  peer.beginMessage?.(2 * LONG);
  peer.sendPart?.(part(LONG));
  const ping = Buffer.concat([Buffer.from("01000032", "hex"), part(50)]);
  peer.received(Buffer.concat(Array(10).fill(ping)));
  expect(outgoingMemory.octets - before).toBe(540);
  expect(socket.done).toEqual([]);
  // So many short ones take much more than their octets.
  peer.received(Buffer.from("01000000".repeat(1000), "hex"));
  expect(socket.done).toEqual(["pause"]);
  peer.close(1000, "done");
  expect(outgoingMemory.octets).toBe(before);
  peer.closed(undefined);
});

test("a client is given up for its pings amid a message, and no other", async () => {
  const [greedy, other] = [new ScriptedSocket(), new ScriptedSocket()];
  const [one, two] = [greedy, other].map((socket) => rawSocketPeer(socket, 2 ** 20, 2 ** 20));
  other.takes = 0;
  two?.send(part(LONG));
  one?.attach(new Session());
  one?.beginMessage(2 * LONG);
  for (let count = 0; count < 5; count++) {
    one?.received(Buffer.concat([Buffer.from("010493e0", "hex"), part(300_000)]));
  }
  await greedy.until(({ done }) => done.includes("terminate"));
  expect([greedy.done.includes("terminate"), other.done]).toEqual([true, []]);
  for (const peer of [one, two]) peer?.closed(undefined);
});

test.each(TRANSPORTS)(
  "what waits behind a message is not counted when the connection is lost (%s)",
  (transport) => {
    const waiting = () => (transport === "router" ? messageMemory() : outgoingMemory.octets);
    const before = waiting();
    const { peer } = start(transport);
    peer.beginMessage?.(2 * LONG);
    peer.send(part(900));
    expect(waiting() - before).toBeGreaterThanOrEqual(900);
    peer.closed(undefined);
    expect(waiting()).toBe(before);
  },
);

describe("a WebSocket peer", () => {
  test("sends a message in fragments, with a pong between them", async () => {
    const { socket, peer } = start("websocket");
    peer.beginMessage?.(300);
    peer.sendPart?.(part(100).fill("a"));
    peer.received(Buffer.from("89810000000070", "hex"));
    peer.sendPart?.(part(100).fill("b"));
    peer.sendPart?.(part(100).fill("c"));
    await turnEnd();
    const [a, b, c] = ["a", "b", "c"].map((text) => `d${text.repeat(100)}`);
    expect(socket.text).toBe(`\x02${a}\x8a\x01p\x00${b}\x80${c}`);
    peer.closed(undefined);
  });

  test.each([
    ["websocket", LONG, 0x81],
    ["websocket", 160_000, 0x82],
    ["router", LONG, 0x81],
    ["router", 160_000, 0x82],
  ] as const)(
    "collects what it will refuse: from %s, %d octets of kind %d",
    (transport, octets, first) => {
      const { session, peer, frame } = start(transport);
      peer.received(frame(octets, first).subarray(0, 80_000));
      expect(session.got).toEqual([]);
      peer.closed(undefined);
    },
  );

  test("sends a message whole that it would compress", () => {
    const side = { windowBits: 15, keepsContext: false };
    const codec = new DeflateCodec({ header: "", server: side, client: side }, 8);
    const peer = webSocketPeer(new ScriptedSocket(), 2 ** 20, codec);
    expect([peer.beginMessage(2 ** 20), peer.beginMessage(2 ** 20 + 1)]).toEqual([false, true]);
    peer.closed(undefined);
  });
});

test("a message of a router that is passed on needs no room for its whole length", () => {
  const before = outgoingMemory.octets;
  const { peer, frame } = start("router");
  const long = frame(LONG);
  peer.received(Buffer.from(long.subarray(0, 60_000)));
  expect(outgoingMemory.octets - before).toBe(65_536);
  peer.received(Buffer.from(long.subarray(60_000)));
  expect(outgoingMemory.octets).toBe(before);
  peer.closed(undefined);
});

test("a part for a router is masked where it is, without a copy", async () => {
  const { socket, peer } = start("router");
  peer.beginMessage?.(2 * LONG);
  const octets = part(LONG);
  peer.sendPart?.(octets);
  await turnEnd();
  expect(socket.text.endsWith(octets.toString("latin1"))).toBe(true);
  expect(octets.includes("pppp")).toBe(false);
  peer.closed(undefined);
});

test("a RawSocket peer is not pinged amid a message, and begins none that is too long", () => {
  const peer = rawSocketPeer(new ScriptedSocket(), 2 ** 20);
  peer.attach(new Session());
  expect([peer.beginMessage(2 ** 20 + 1), peer.mayPing]).toEqual([false, true]);
  expect([peer.beginMessage(2 ** 20), peer.mayPing]).toEqual([true, false]);
  peer.closed(undefined);
});

/** A client that has sent GOODBYE and ended its side, and takes only some of what it is owed. */
describe.each(["websocket", "rawsocket"] as const)("a client that has left (%s)", (transport) => {
  test("gets all that it is owed before its connection ends", async () => {
    const { socket, session, peer } = start(transport);
    let isLeaving = true;
    Object.assign(session, { isLeaving: () => isLeaving });
    peer.ended();
    socket.takes = 10;
    peer.send(part(1000).fill("a"));
    await turnEnd();
    isLeaving = false;
    peer.send(part(9).fill("b"));
    await turnEnd();
    expect(socket.done).toEqual([]);
    socket.takes = Number.POSITIVE_INFINITY;
    peer.drained();
    expect(socket.text).toMatch(/a{1000}.*b{9}$/s);
    expect(socket.done).toEqual(["shutdown"]);
    peer.closed(undefined);
  });
});
