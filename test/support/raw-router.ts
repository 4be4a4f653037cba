/** A router of octets, over RawSocket or WebSocket: it shows what the proxy sends before a message is complete. */

import type { Socket } from "node:net";
import { acceptFor } from "#transport/websocket/handshake-answer.ts";
import { decodeMessage, encodeMessage } from "#wamp/serializer/message-values.ts";
import type { SerializerName } from "#wamp/serializer-name.ts";
import { firstMaskedFrame, unmaskedFrame } from "./masked-frames.ts";
import type { SilentSide } from "./session-harness.ts";

const SERIALIZER_NUMBERS = { json: 1, msgpack: 2, cbor: 3 };

/** A frame of the proxy. */
interface Frame {
  kind: "message" | "pong" | "close";
  isLast: boolean;
  payload: Buffer;
  end: number;
}

/** What the two framings differ in. */
interface Framing {
  /** Answers the handshake of the proxy. */
  answer: Buffer | string;
  frame(kind: "message" | "ping", payload: Uint8Array): Buffer;
  /** The first frame, or undefined when it is not whole. */
  first(received: Buffer): Frame | undefined;
}

export class RawRouter {
  readonly socket: Socket;
  /** Resolves when the connection is over. */
  readonly closed: Promise<unknown>;
  /** Resolves with the payload of the first pong. */
  readonly pong: Promise<Buffer>;
  /** Code and reason of the close frame; empty while there is none. */
  closeFrame = "";
  /** How many fragments, or whole messages, have come. */
  fragments = 0;
  readonly #serializer: SerializerName;
  readonly #framing: Framing;
  #received: Buffer = Buffer.alloc(0);
  #begun: Buffer[] = [];
  #messages: Buffer[] = [];
  #wake = () => {};
  #onPong: (payload: Buffer) => void = () => {};
  #isOver = false;

  private constructor(
    { socket, closed }: SilentSide,
    serializer: SerializerName,
    framing: Framing,
  ) {
    this.socket = socket;
    this.closed = closed;
    this.pong = new Promise((resolve) => {
      this.#onPong = resolve;
    });
    this.#serializer = serializer;
    this.#framing = framing;
    socket.on("data", (octets: Buffer) => {
      this.#received = Buffer.concat([this.#received, octets]);
      for (;;) {
        const frame = this.#framing.first(this.#received);
        if (frame === undefined) break;
        this.#received = this.#received.subarray(frame.end);
        this.#take(frame);
      }
      this.#wake();
    });
    void closed.then(() => {
      this.#isOver = true;
      this.#wake();
    });
  }

  /**
   * Answers the handshake, takes HELLO and says WELCOME. `size`: over RawSocket it takes messages of 2^(9 + size)
   * octets.
   */
  static async welcome(
    side: SilentSide,
    serializer: SerializerName,
    size = 15,
  ): Promise<RawRouter> {
    const isWebSocket = side.request.toString("latin1").startsWith("GET ");
    const framing = isWebSocket
      ? webSocketFraming(side.request, serializer)
      : rawSocketFraming(serializer, size);
    const router = new RawRouter(side, serializer, framing);
    side.socket.write(framing.answer);
    await router.next();
    router.says([2, 7, { roles: { broker: {}, dealer: {} }, authid: "joe" }]);
    return router;
  }

  /** Octets that have come of a message which is not complete. */
  get incompleteOctets(): number {
    return this.#begun.reduce((sum, { length }) => sum + length, this.#received.length);
  }

  frameOf(payload: Uint8Array): Buffer {
    return this.#framing.frame("message", payload);
  }

  says(message: unknown[]): void {
    this.socket.write(this.frameOf(encodeMessage(message, this.#serializer)));
  }

  ping(payload: string): void {
    this.socket.write(this.#framing.frame("ping", Buffer.from(payload)));
  }

  /** Resolves when so many octets of a message have come, which is not complete, or the connection is over. */
  async receives(octets: number): Promise<void> {
    while (this.incompleteOctets < octets && !this.#isOver) await this.#change();
  }

  /** The octets of the next message; undefined when the connection is over before its end. */
  async nextOctets(): Promise<Buffer | undefined> {
    while (this.#messages.length === 0 && !this.#isOver) await this.#change();
    return this.#messages.shift();
  }

  /** The next message; undefined when the connection is over before its end. */
  async next(): Promise<unknown[] | undefined> {
    const octets = await this.nextOctets();
    return octets && decodeMessage(octets, this.#serializer);
  }

  #change(): Promise<void> {
    return new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
  }

  #take({ kind, isLast, payload }: Frame): void {
    if (kind === "pong") {
      this.#onPong(payload);
    } else if (kind === "close") {
      this.closeFrame = `${payload.readUInt16BE(0)} ${payload.toString("utf8", 2)}`;
      this.socket.end(unmaskedFrame(0x88, payload.subarray(0, 2)));
    } else {
      this.fragments += 1;
      this.#begun.push(payload);
      if (isLast) this.#messages.push(Buffer.concat(this.#begun.splice(0)));
    }
  }
}

function rawSocketFraming(serializer: SerializerName, size: number): Framing {
  const kinds = { message: 0, ping: 1 };
  return {
    answer: Buffer.from([0x7f, (size << 4) | SERIALIZER_NUMBERS[serializer], 0, 0]),
    frame(kind, payload) {
      const head = Buffer.alloc(4);
      head.writeUInt32BE(payload.length);
      head[0] = kinds[kind];
      return Buffer.concat([head, payload]);
    },
    first(received) {
      if (received.length < 4) return undefined;
      const end = 4 + received.readUIntBE(1, 3);
      if (received.length < end) return undefined;
      const kind = received[0] === 2 ? "pong" : "message";
      return { kind, isLast: true, payload: received.subarray(4, end), end };
    },
  };
}

function webSocketFraming(request: Buffer, serializer: SerializerName): Framing {
  const [, key = ""] = /^sec-websocket-key: *(\S+)/im.exec(request.toString("latin1")) ?? [];
  const lines = [
    "HTTP/1.1 101 Switching Protocols",
    "Upgrade: websocket",
    "Connection: Upgrade",
    `Sec-WebSocket-Accept: ${acceptFor(key)}`,
    `Sec-WebSocket-Protocol: wamp.2.${serializer}`,
  ];
  const heads = { message: serializer === "json" ? 0x81 : 0x82, ping: 0x89 };
  return {
    answer: `${lines.join("\r\n")}\r\n\r\n`,
    frame: (kind, payload) => unmaskedFrame(heads[kind], payload),
    first(received) {
      const frame = firstMaskedFrame(received);
      if (frame === undefined) return undefined;
      const kind = ({ 8: "close", 10: "pong" } as const)[frame.head & 15] ?? "message";
      return { ...frame, kind, isLast: (frame.head & 0x80) !== 0 };
    },
  };
}
