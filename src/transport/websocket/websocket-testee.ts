/**
 * The testee: sends every message of one WebSocket back as it came, text as text and octets as
 * octets, so that a test suite can judge the protocol below. No WAMP, no subprotocol.
 *
 * @module
 */

import type { WebSocketOptions } from "#config/node-config.ts";
import { CloseCode, isLongerThan } from "#wamp/peer.ts";
import { Keepalive } from "./keepalive.ts";
import { maxMessageOctets } from "./serve-options.ts";
import type { OpenSocket, SocketEvents } from "./socket-events.ts";

/** Makes the testee of a socket that has just opened. */
export function openTestee(socket: OpenSocket): SocketEvents {
  return new WebSocketTestee(socket);
}

/** One connection to a testee. */
class WebSocketTestee implements SocketEvents {
  readonly #socket: OpenSocket;
  readonly #options: WebSocketOptions;
  readonly #maxMessageOctets: number;
  readonly #keepalive: Keepalive | undefined;

  constructor(socket: OpenSocket) {
    const { options } = socket.data;
    this.#socket = socket;
    this.#options = options;
    this.#maxMessageOctets = maxMessageOctets(options);
    if (options.auto_ping_interval > 0) {
      this.#keepalive = new Keepalive(options, {
        ping: (payload) => void socket.ping(payload),
        isPaused: () => socket.isPaused,
        expire: () => socket.terminate(),
      });
    }
  }

  opened(): void {}

  received(message: string | Uint8Array): void {
    this.#keepalive?.heard();
    const limit = this.#maxMessageOctets;
    if (isLongerThan(message, limit)) {
      this.#socket.close(CloseCode.messageTooBig, `the longest message here has ${limit} octets`);
      return;
    }
    const status = this.#socket.send(
      message as string | Uint8Array<ArrayBuffer>,
      this.#options.compression !== null,
    );
    // 0 also stands for a message of no octets, which is sent all the same.
    if (status === 0 && message.length > 0) this.#socket.terminate();
    else if (this.#socket.getBufferedAmount() > this.#options.max_buffered) this.#socket.pause();
  }

  pinged(): void {
    this.#keepalive?.heard();
  }

  ponged(payload: Uint8Array): void {
    this.#keepalive?.heardPong(payload);
  }

  /** The client reads again what came back, so it may send again. */
  drained(): void {
    if (!this.#socket.isPaused) return;
    if (this.#socket.getBufferedAmount() > this.#options.max_buffered / 4) return;
    this.#keepalive?.resumed();
    this.#socket.resume();
  }

  ended(): void {
    this.#keepalive?.stop();
  }
}
