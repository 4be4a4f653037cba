/** Long messages that are passed on while they arrive, by both decoders, however the stream is cut. */

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { messageMemory } from "#base/message-memory.ts";
import { writeFrameHeader } from "#transport/rawsocket/frame-header.ts";
import { FrameReader } from "#transport/rawsocket/frame-reader.ts";
import { FrameDecoder, type FrameHandler } from "#transport/websocket/frame-decoder.ts";
import { unmaskedFrame } from "../support/masked-frames.ts";

const LIMITS = { max_message_size: 2 ** 20, max_frame_size: 0, max_incomplete: 2 ** 30 };

/** Notes what a decoder says: whole messages, and the octets of those that are passed on. */
class Notes {
  readonly said: string[] = [];
  readonly parts: number[] = [];
  haltsAtEnd = false;
  #octets: Buffer[] = [];
  readonly #takesParts: (head: Uint8Array) => boolean;

  constructor(takesParts: (head: Uint8Array) => boolean) {
    this.#takesParts = takesParts;
  }

  begin = (head: Uint8Array) =>
    this.#takesParts(head)
      ? {
          take: (octets: Uint8Array) => {
            this.parts.push(octets.length);
            this.#octets.push(Buffer.from(octets));
          },
        }
      : null;

  end = () => {
    this.said.push(`parts ${hash(this.taken())}`);
    return !this.haltsAtEnd;
  };
  whole = (octets: Uint8Array) => this.said.push(`whole ${hash(octets)}`) > 0;
  /** The octets of the message that is passed on. */
  taken = () => Buffer.concat(this.#octets.splice(0));
}

function hash(octets: Uint8Array): string {
  return `${octets.length} ${Bun.hash(octets)}`;
}

/** A stream in chunks of these sizes. */
function* cut(stream: Uint8Array, sizes: readonly number[]): Generator<Buffer> {
  for (let at = 0, turn = 0; at < stream.length; turn++) {
    const size = sizes[turn % sizes.length] as number;
    yield Buffer.from(stream.subarray(at, at + size));
    at += size;
  }
}

const KEY = Buffer.from("01020304", "hex");

function webSocketFrame(first: number, payload: Uint8Array): Buffer {
  const { length } = payload;
  let header = Buffer.from([first, 0x80 | length]);
  if (length > 0xffff) {
    header = Buffer.from([first, 0xff, 0, 0, 0, 0, 0, 0, 0, 0]);
    header.writeBigUInt64BE(BigInt(length), 2);
  } else if (length >= 126) {
    header = Buffer.from([first, 0xfe, length >> 8, length & 0xff]);
  }
  const masked = Buffer.from(payload);
  for (let at = 0; at < length; at++)
    masked[at] = (payload[at] as number) ^ (KEY[at & 3] as number);
  return Buffer.concat([header, KEY, masked]);
}

function rawSocketFrame(payload: Uint8Array): Buffer {
  const header = Buffer.alloc(4);
  writeFrameHeader(header, 0, 0, payload.length);
  return Buffer.concat([header, payload]);
}

/** A decoder of WebSocket frames; gives the code of a fault. */
function webSocketDecoder(
  notes: Notes,
  codec: FrameHandler["codec"] = null,
  role: FrameHandler["role"] = "server",
) {
  const decoder = new FrameDecoder(LIMITS, {
    role,
    codec,
    handleMessage: notes.whole,
    handleLongMessage: notes.begin,
    handleLongMessageEnd: notes.end,
    handlePing: () => true,
    handleInflating() {},
    handlePong() {},
    handleClose() {},
  });
  return { push: (chunk: Buffer) => decoder.push(chunk)?.code ?? null, decoder };
}

function rawSocketReader(notes: Notes) {
  const reader = new FrameReader(2 ** 20);
  const handler = {
    takeFrame: (_type: number, payload: Uint8Array) => notes.whole(payload),
    beginLongMessage: notes.begin,
    endLongMessage: notes.end,
    mayBegin: () => true,
  };
  return { push: (chunk: Buffer) => reader.push(chunk, handler), decoder: reader };
}

const FRAMINGS = {
  websocket: { frame: (octets: Uint8Array) => webSocketFrame(0x82, octets), of: webSocketDecoder },
  "websocket of a router": {
    frame: (octets: Uint8Array) => unmaskedFrame(0x82, octets),
    of: (notes: Notes) => webSocketDecoder(notes, null, "client"),
  },
  rawsocket: { frame: rawSocketFrame, of: rawSocketReader },
};
const TRANSPORTS = ["websocket", "websocket of a router", "rawsocket"] as const;

/** Lengths around the border of 64 KiB, short ones, and long ones. */
const length = fc.oneof(
  fc.integer({ min: 0, max: 300 }),
  fc.integer({ min: 65_530, max: 65_545 }),
  fc.integer({ min: 100_000, max: 300_000 }),
);
const sizes = fc.array(
  fc.oneof(fc.integer({ min: 50, max: 400 }), fc.integer({ min: 10_000, max: 150_000 })),
  { minLength: 1, maxLength: 5 },
);

const PATTERN = Buffer.from(Array.from({ length: 512 }, (_, at) => at & 0xff));

/** A message of this length that begins with an octet `seed`; it may be passed on where that is even. */
function message(octets: number, seed: number): Buffer {
  return Buffer.alloc(octets, PATTERN.subarray(seed, seed + 256));
}

describe.each(TRANSPORTS)("long messages over %s", (transport) => {
  const { frame, of } = FRAMINGS[transport];

  test("have the same octets in the same order, passed on or collected", () => {
    fc.assert(
      fc.property(fc.array(length, { maxLength: 5 }), sizes, (lengths, chunks) => {
        const before = messageMemory();
        const messages = lengths.map(message);
        const notes = new Notes((head) => (head[0] as number) % 2 === 0);
        const { push, decoder } = of(notes);
        for (const chunk of cut(Buffer.concat(messages.map(frame)), chunks)) {
          expect(push(chunk)).toBeNull();
        }
        const said = notes.said.map((line) => line.slice(line.indexOf(" ") + 1));
        expect(said).toEqual(messages.map(hash));
        const isPassedOn = notes.said.map((line) => line.startsWith("parts"));
        for (const [index, isPart] of isPassedOn.entries()) {
          if (isPart) expect([index % 2, (lengths[index] ?? 0) > 65_536]).toEqual([0, true]);
        }
        expect([decoder.incompleteOctets, messageMemory()]).toEqual([0, before]);
      }),
      { numRuns: 40 },
    );
  });

  test("are passed on in parts of 16 KiB or more, and hold hardly any memory", () => {
    const before = messageMemory();
    const notes = new Notes(() => true);
    const { push, decoder } = of(notes);
    const stream = frame(message(1_000_000, 0));
    for (const chunk of cut(stream, [100])) {
      push(chunk);
      expect(messageMemory() - before).toBeLessThan(40_000);
    }
    expect(notes.said).toEqual([`parts ${hash(message(1_000_000, 0))}`]);
    expect(Math.min(...notes.parts.slice(0, -1))).toBeGreaterThanOrEqual(16_384);
    expect(decoder.incompleteOctets).toBe(0);
  });

  test("count as incomplete with all their octets", () => {
    const { push, decoder } = of(new Notes(() => true));
    push(frame(message(200_000, 0)).subarray(0, 150_000));
    expect(Math.abs(decoder.incompleteOctets - 150_000)).toBeLessThan(20);
  });

  test("are collected when their first octets are few", () => {
    const notes = new Notes(() => true);
    const { push } = of(notes);
    const stream = frame(message(200_000, 0));
    push(stream.subarray(0, 40));
    push(stream.subarray(40));
    expect(notes.said).toEqual([`whole ${hash(message(200_000, 0))}`]);
  });

  test("have the decoder halt behind their end where the session is paused", () => {
    const notes = new Notes(() => true);
    const { push, decoder } = of(notes);
    notes.haltsAtEnd = true;
    const [long, next] = [frame(message(200_000, 0)), frame(message(10, 0))];
    push(long.subarray(0, 100_000));
    const rest = Buffer.concat([long.subarray(100_000), next]);
    push(Buffer.from(rest));
    expect([notes.said.length, decoder.position]).toEqual([1, rest.length - next.length]);
    push(next);
    expect(notes.said[1]).toBe(`whole ${hash(message(10, 0))}`);
  });

  test("are whole where they lie in one chunk", () => {
    const notes = new Notes(() => true);
    of(notes).push(frame(message(200_000, 0)));
    expect(notes.said).toEqual([`whole ${hash(message(200_000, 0))}`]);
  });
});

test("octets that are not UTF-8 are not passed on, nor is the end of the message", () => {
  const text = Buffer.from(`"${"é€😀".repeat(20_000)}"`);
  const fault = fc.record({ at: fc.nat({ max: text.length - 1 }), octet: fc.constantFrom(0xff) });
  fc.assert(
    fc.property(fault, sizes, ({ at, octet }, chunks) => {
      const wrong = Buffer.from(text);
      wrong[at] = octet;
      const notes = new Notes(() => true);
      const { push } = webSocketDecoder(notes);
      const codes: (number | null)[] = [];
      for (const chunk of cut(webSocketFrame(0x81, wrong), chunks)) codes.push(push(chunk));
      expect(codes.find((code) => code !== null)).toBe(1007);
      const taken = notes.taken();
      expect(taken.length).toBeLessThanOrEqual(at);
      expect(taken.equals(wrong.subarray(0, taken.length))).toBe(true);
    }),
    { numRuns: 60 },
  );
});

test("a text that ends within a character lacks its end where it was passed on", () => {
  const text = Buffer.from("a".repeat(99_999).concat("é")).subarray(0, -1);
  const notes = new Notes(() => true);
  const { push } = webSocketDecoder(notes);
  const codes = [...cut(webSocketFrame(0x81, text), [60_000])].map(push);
  expect(codes.at(-1)).toBe(1007);
  expect(notes.taken().length).toBeLessThan(60_000);
});

test("a message that is compressed is not passed on", () => {
  const notes = new Notes(() => true);
  const octets = message(200_000, 0);
  const { push } = webSocketDecoder(notes, { inflate: (deflated) => deflated });
  for (const chunk of cut(webSocketFrame(0xc2, octets), [30_000])) expect(push(chunk)).toBeNull();
  expect(notes.said).toEqual([`whole ${hash(octets)}`]);
});

test("a message that is fragmented is not passed on", () => {
  const notes = new Notes(() => true);
  const { push } = webSocketDecoder(notes);
  const half = message(100_000, 0);
  const stream = Buffer.concat([webSocketFrame(0x02, half), webSocketFrame(0x80, half)]);
  for (const chunk of cut(stream, [30_000])) expect(push(chunk)).toBeNull();
  expect(notes.said).toEqual([`whole ${hash(Buffer.concat([half, half]))}`]);
});
