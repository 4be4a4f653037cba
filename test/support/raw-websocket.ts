/** A WebSocket client of octets: it shows the answer to its handshake and every frame as it came. */

import { connect, type Socket } from "node:net";
import { afterTest } from "./cleanups.ts";

/** A frame from the server; `head` is its first octet (FIN, RSV1 to RSV3, opcode). */
export interface RawFrame {
  head: number;
  payload: Buffer;
}

const mask = Buffer.from("01020304", "hex");

export class RawWebSocket {
  /** Status line and headers of the answer. */
  readonly answer: string;
  readonly #socket: Socket;
  #received: Buffer;
  #chunks: Buffer[] = [];
  #wake = () => {};

  private constructor(socket: Socket, answer: string, rest: Buffer) {
    this.#socket = socket;
    this.answer = answer;
    this.#received = rest;
    socket.on("data", (octets: Buffer) => {
      this.#chunks.push(octets);
      this.#wake();
    });
  }

  /** Makes the opening handshake; the headers come on top of those that every handshake has. */
  static async open(url: string, headers: Record<string, string>): Promise<RawWebSocket> {
    const { hostname, port, pathname, host } = new URL(url);
    const socket = connect(Number(port), hostname);
    afterTest(() => socket.destroy());
    const all = {
      Host: host,
      Connection: "Upgrade",
      Upgrade: "websocket",
      "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
      "Sec-WebSocket-Version": "13",
      ...headers,
    };
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(`GET ${pathname} HTTP/1.1\r\n${lines.join("")}\r\n`);
    const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
    socket.once("error", reject);
    socket.once("data", resolve);
    const octets = await promise;
    const end = octets.indexOf("\r\n\r\n") + 4;
    return new RawWebSocket(socket, octets.toString("latin1", 0, end), octets.subarray(end));
  }

  /** Octets that the kernel has not taken yet. */
  get unsentOctets(): number {
    return this.#socket.writableLength;
  }

  /** Sends masked frames with this first octet, in one write. */
  sendFrame(head: number, ...payloads: Uint8Array[]): void {
    this.#socket.write(Buffer.concat(payloads.map((payload) => frame(head, payload))));
  }

  async nextFrame(): Promise<RawFrame> {
    await this.#needs(2);
    const [head = 0, second = 0] = this.#received;
    let start = 2;
    let length = second;
    if (second === 126) {
      start = 4;
      await this.#needs(start);
      length = this.#received.readUInt16BE(2);
    } else if (second === 127) {
      start = 10;
      await this.#needs(start);
      length = Number(this.#received.readBigUInt64BE(2));
    }
    await this.#needs(start + length);
    const payload = this.#received.subarray(start, start + length);
    this.#received = this.#received.subarray(start + length);
    return { head, payload };
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  async #needs(octets: number): Promise<void> {
    let available = this.#received.length;
    for (;;) {
      const chunks = this.#chunks.splice(0);
      available += chunks.reduce((sum, chunk) => sum + chunk.length, 0);
      if (chunks.length > 0) this.#received = Buffer.concat([this.#received, ...chunks]);
      if (available >= octets) return;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

function frame(head: number, payload: Uint8Array): Buffer {
  const length = payload.length;
  let header = Buffer.from([head, 0x80 | length]);
  if (length >= 65_536) {
    header = Buffer.from([head, 0xff, 0, 0, 0, 0, 0, 0, 0, 0]);
    header.writeBigUInt64BE(BigInt(length), 2);
  } else if (length >= 126) {
    header = Buffer.from([head, 0xfe, length >> 8, length & 255]);
  }
  const masked = Buffer.from(payload);
  for (let i = 0; i < length; i++) masked[i] = (masked[i] ?? 0) ^ (mask[i % 4] ?? 0);
  return Buffer.concat([header, mask, masked]);
}
