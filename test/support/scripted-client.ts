/**
 * A WAMP client of octets over WebSocket or RawSocket: it says what a test tells it to say, several
 * messages in one write, and keeps every message and how the connection ended.
 */

import { connect, type Socket } from "node:net";
import { decodeMessage, encodeMessage } from "#wamp/serializer/message-values.ts";
import type { SerializerName } from "#wamp/serializer-name.ts";

const mask = Buffer.from("01020304", "hex");
const serializerNumbers = { json: 1, msgpack: 2, cbor: 3 };

type FrameKind = "message" | "continuation" | "pong" | "close" | "other";

/** What the two framings differ in. */
interface Framing {
  greeting: Buffer;
  /** How many octets of the start of a stream are the answer to the greeting; 0: more are needed. */
  answerOctets(received: Buffer): number;
  frame(kind: "message" | "ping", payload: Uint8Array): Buffer;
  /** The first frame, or undefined when it is not whole. */
  first(
    received: Buffer,
  ): { kind: FrameKind; isLast: boolean; payload: Buffer; end: number } | undefined;
}

export class ScriptedClient {
  readonly serializer: SerializerName;
  readonly socket: Socket;
  /** Resolves with the WebSocket close code; null: the connection ended without one. */
  readonly closed: Promise<number | null>;
  /** Resolves with the payload of the first pong. */
  readonly pong: Promise<Buffer>;
  readonly #framing: Framing;
  #received = Buffer.alloc(0);
  #messages: Buffer[] = [];
  #fragments: Buffer[] = [];
  /** All octets that have come since the handshake. */
  receivedOctets = 0;
  #wake = () => {};
  #isOver = false;
  #code: number | null = null;
  #reason = "";
  #onPong: (payload: Buffer) => void = () => {};

  private constructor(socket: Socket, framing: Framing, serializer: SerializerName) {
    this.socket = socket;
    this.serializer = serializer;
    this.#framing = framing;
    this.pong = new Promise((resolve) => {
      this.#onPong = resolve;
    });
    this.closed = new Promise((resolve) => {
      socket.once("close", () => {
        this.#isOver = true;
        this.#wake();
        resolve(this.#code);
      });
    });
    socket.on("error", () => {});
  }

  /** Connects and makes the handshake; the URL's scheme (`ws:` or `rs:`) says by which framing. */
  static async open(url: string, serializer: SerializerName): Promise<ScriptedClient> {
    const { hostname, port, pathname, protocol } = new URL(url);
    const socket = connect({ port: Number(port), host: hostname, allowHalfOpen: false });
    const framing =
      protocol === "rs:" ? rawSocketFraming(serializer) : webSocketFraming(pathname, serializer);
    const client = new ScriptedClient(socket, framing, serializer);
    socket.write(framing.greeting);
    let received = Buffer.alloc(0);
    const opened = Promise.withResolvers<void>();
    const onData = (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      const end = framing.answerOctets(received);
      if (end === 0) return;
      socket.off("data", onData);
      socket.on("data", (later: Buffer) => client.#take(later));
      client.#take(received.subarray(end));
      opened.resolve();
    };
    socket.on("data", onData);
    socket.once("close", () => opened.reject(new Error("the handshake failed")));
    await opened.promise;
    return client;
  }

  /** The reason of the WebSocket close; empty while there is none. */
  get closeReason(): string {
    return this.#reason;
  }

  /** Says these messages in one write. */
  says(...messages: unknown[][]): void {
    this.sends(
      ...messages.map((message) => {
        const encoded = encodeMessage(message, this.serializer);
        return encoded as Uint8Array;
      }),
    );
  }

  /** Sends these payloads as messages, in one write. */
  sends(...payloads: Uint8Array[]): void {
    this.socket.write(Buffer.concat(payloads.map((one) => this.#framing.frame("message", one))));
  }

  /** The frame of a message with this payload. */
  frameOf(payload: Uint8Array): Buffer {
    return this.#framing.frame("message", payload);
  }

  /** Resolves when so many octets have come, of frames that may be incomplete, or the connection is over. */
  async receives(octets: number): Promise<void> {
    while (this.receivedOctets < octets && !this.#isOver) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  ping(payload: string): void {
    this.socket.write(this.#framing.frame("ping", Buffer.from(payload)));
  }

  /** The next message; undefined once the connection is over. */
  async next(): Promise<unknown[] | undefined> {
    const octets = await this.nextOctets();
    return octets && decodeMessage(octets, this.serializer);
  }

  /** Resolves when a message has come, or the connection is over. */
  async hasNext(): Promise<void> {
    while (this.#messages.length === 0 && !this.#isOver) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** The octets of the next message; undefined once the connection is over. */
  async nextOctets(): Promise<Buffer | undefined> {
    await this.hasNext();
    return this.#messages.shift();
  }

  /** What has come, and was not taken, when the connection is over. */
  async rest(): Promise<unknown[][]> {
    await this.closed;
    return this.#messages.splice(0).map((octets) => decodeMessage(octets, this.serializer));
  }

  /** Is gone by a TCP reset, as a program that was killed with octets unread. */
  reset(): void {
    this.socket.resetAndDestroy();
  }

  #take(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk]);
    this.receivedOctets += chunk.length;
    this.#wake();
    for (;;) {
      const frame = this.#framing.first(this.#received);
      if (frame === undefined) return;
      this.#received = this.#received.subarray(frame.end);
      if (frame.kind === "message" || frame.kind === "continuation") {
        this.#fragments.push(Buffer.from(frame.payload));
        if (frame.isLast) this.#messages.push(Buffer.concat(this.#fragments.splice(0)));
      } else if (frame.kind === "pong") this.#onPong(Buffer.from(frame.payload));
      else if (frame.kind === "close") {
        this.#code = frame.payload.length < 2 ? null : frame.payload.readUInt16BE(0);
        this.#reason = frame.payload.toString("utf8", 2);
        this.socket.end(Buffer.from("888001020304", "hex"));
      }
      this.#wake();
    }
  }
}

function rawSocketFraming(serializer: SerializerName): Framing {
  const kinds = { message: 0, ping: 1 };
  return {
    greeting: Buffer.from([0x7f, 0xf0 | serializerNumbers[serializer], 0, 0]),
    answerOctets: (received) => (received.length >= 4 ? 4 : 0),
    frame(kind, payload) {
      const head = Buffer.from([kinds[kind], 0, 0, 0]);
      head.writeUIntBE(payload.length, 1, 3);
      return Buffer.concat([head, payload]);
    },
    first(received) {
      if (received.length < 4) return undefined;
      const end = 4 + received.readUIntBE(1, 3);
      if (received.length < end) return undefined;
      const kind = (["message", "other", "pong"] as const)[received[0] ?? 1] ?? "other";
      return { kind, isLast: true, payload: received.subarray(4, end), end };
    },
  };
}

function webSocketFraming(path: string, serializer: SerializerName): Framing {
  const lines = [
    `GET ${path} HTTP/1.1`,
    "Host: localhost",
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    `Sec-WebSocket-Protocol: wamp.2.${serializer}`,
  ];
  const opcodes = { message: serializer === "json" ? 0x81 : 0x82, ping: 0x89 };
  const kinds: Record<number, FrameKind> = {
    0: "continuation",
    1: "message",
    2: "message",
    8: "close",
    10: "pong",
  };
  return {
    greeting: Buffer.from(`${lines.join("\r\n")}\r\n\r\n`),
    answerOctets: (received) => {
      const end = received.indexOf("\r\n\r\n");
      return end < 0 ? 0 : end + 4;
    },
    frame(kind, payload) {
      const { length } = payload;
      let head = Buffer.from([opcodes[kind], 0x80 | length]);
      if (length >= 65_536) {
        head = Buffer.from([opcodes[kind], 0xff, 0, 0, 0, 0, 0, 0, 0, 0]);
        head.writeBigUInt64BE(BigInt(length), 2);
      } else if (length >= 126) {
        head = Buffer.from([opcodes[kind], 0xfe, length >> 8, length & 255]);
      }
      const masked = Buffer.from(payload);
      for (let i = 0; i < length; i++) masked[i] = (masked[i] ?? 0) ^ (mask[i % 4] ?? 0);
      return Buffer.concat([head, mask, masked]);
    },
    first(received) {
      if (received.length < 2) return undefined;
      let length = (received[1] ?? 0) & 127;
      let start = 2;
      if (length === 126) {
        if (received.length < 4) return undefined;
        length = received.readUInt16BE(2);
        start = 4;
      } else if (length === 127) {
        if (received.length < 10) return undefined;
        length = Number(received.readBigUInt64BE(2));
        start = 10;
      }
      if (received.length < start + length) return undefined;
      const kind = kinds[(received[0] ?? 0) & 15] ?? "other";
      const end = start + length;
      const isLast = ((received[0] ?? 0) & 0x80) !== 0;
      return { kind, isLast, payload: received.subarray(start, end), end };
    },
  };
}
