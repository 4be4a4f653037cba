/** A router over RawSocket of octets: it shows what the proxy sends before a frame is complete. */

import type { Socket } from "node:net";
import { decodeMessage, encodeMessage } from "#wamp/serializer/message-values.ts";
import type { SerializerName } from "#wamp/serializer-name.ts";
import type { SilentSide } from "./session-harness.ts";

const SERIALIZER_NUMBERS = { json: 1, msgpack: 2, cbor: 3 };

export class RawRouter {
  readonly socket: Socket;
  /** Resolves when the connection is over. */
  readonly closed: Promise<unknown>;
  readonly #serializer: SerializerName;
  #received: Buffer = Buffer.alloc(0);
  #wake = () => {};
  #isOver = false;

  private constructor({ socket, closed }: SilentSide, serializer: SerializerName) {
    this.socket = socket;
    this.closed = closed;
    this.#serializer = serializer;
    socket.on("data", (octets: Buffer) => {
      this.#received = Buffer.concat([this.#received, octets]);
      this.#wake();
    });
    void closed.then(() => {
      this.#isOver = true;
      this.#wake();
    });
  }

  /** Answers the handshake, takes HELLO and says WELCOME. `size`: it takes messages of 2^(9 + size) octets. */
  static async welcome(
    side: SilentSide,
    serializer: SerializerName,
    size = 15,
  ): Promise<RawRouter> {
    const router = new RawRouter(side, serializer);
    const second = (size << 4) | SERIALIZER_NUMBERS[serializer];
    side.socket.write(Buffer.from([0x7f, second, 0, 0]));
    await router.next();
    router.says([2, 7, { roles: { broker: {}, dealer: {} }, authid: "joe" }]);
    return router;
  }

  /** What has come, and was not taken. */
  get received(): Buffer {
    return this.#received;
  }

  frameOf(payload: Uint8Array): Buffer {
    const head = Buffer.alloc(4);
    head.writeUInt32BE(payload.length);
    return Buffer.concat([head, payload]);
  }

  says(message: unknown[]): void {
    this.socket.write(this.frameOf(encodeMessage(message, this.#serializer)));
  }

  /** Resolves when so many octets wait to be taken, or the connection is over. */
  async receives(octets: number): Promise<void> {
    while (this.#received.length < octets && !this.#isOver) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** The payload of the next frame; undefined when the connection is over before its end. */
  async nextOctets(): Promise<Buffer | undefined> {
    await this.receives(4);
    if (this.#received.length < 4) return undefined;
    const end = 4 + this.#received.readUIntBE(1, 3);
    await this.receives(end);
    if (this.#received.length < end) return undefined;
    const payload = this.#received.subarray(4, end);
    this.#received = this.#received.subarray(end);
    return payload;
  }

  /** The next message; undefined when the connection is over before its end. */
  async next(): Promise<unknown[] | undefined> {
    const octets = await this.nextOctets();
    return octets && decodeMessage(octets, this.#serializer);
  }
}
