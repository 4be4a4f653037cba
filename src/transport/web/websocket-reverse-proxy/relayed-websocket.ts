/**
 * RelayedWebSocket: one of two WebSockets, to a client and to a backend, each of which gets the messages of the other.
 *
 * A side that does not read stops the other one. Close codes and reasons pass as they are.
 *
 * @module
 */

import {
  WebSocketConnection,
  type WebSocketConnectionOptions,
} from "#transport/websocket/websocket-connection.ts";
import { CloseCode, type GivenUp } from "#wamp/peer.ts";

/** One side of a relay: in the role of a server that to the client, in the role of a client that to the backend. */
export class RelayedWebSocket extends WebSocketConnection {
  readonly #stallTimeoutMs: number;
  /** Closes both sides when this one takes too little. */
  #stall: ReturnType<typeof setTimeout> | undefined;
  /** Null until the other side is there. */
  #other: RelayedWebSocket | null = null;
  #hasClosed = false;

  /** It is paused until it is joined. `stallTimeoutMs`: for how long it may take nothing; 0: any time. */
  constructor(options: WebSocketConnectionOptions, stallTimeoutMs: number) {
    super(options);
    this.#stallTimeoutMs = stallTimeoutMs;
    this.pause();
  }

  /** Relays from now on between this side and another one. */
  join(other: RelayedWebSocket): void {
    this.#other = other;
    other.#other = this;
    for (const [side, from] of [
      [this, other],
      [other, this],
    ] as const) {
      if (from.#hasClosed) side.close(CloseCode.abnormal, "");
      else from.resume();
    }
  }

  /** Closes both sides with the same code. */
  closeBoth(code: number, reason: string): void {
    this.close(code, reason);
    this.#other?.close(code, reason);
  }

  override handleClose(code: number, reason: string): void {
    this.#other?.close(code, reason);
    super.handleClose(code, reason);
  }

  protected onWebSocketMessage(octets: Uint8Array, isText: boolean): void {
    if (this.isOversized(octets)) {
      this.closeOversized();
      this.#other?.close(CloseCode.goingAway, "a message of the other side is too long");
    } else if (this.#other?.sendMessage(octets, isText) === false) {
      this.pause();
      this.#other.#watchStall();
    }
  }

  protected onWebSocketDrain(): void {
    this.#stopWatching();
    this.#other?.resume();
  }

  protected onWebSocketGivenUp({ code, sentence }: GivenUp): void {
    this.#other?.close(code, sentence);
  }

  /** Where no close frame was read, the other side is closed without one too. */
  protected onWebSocketClose(reason: string): void {
    this.#hasClosed = true;
    this.#stopWatching();
    this.#other?.close(CloseCode.abnormal, reason);
  }

  /** A side is stalled that takes less than half of `max_buffered` within `stall_timeout`, as with sessions. */
  #watchStall(): void {
    if (this.#stall !== undefined || this.#stallTimeoutMs === 0) return;
    const owed = this.bufferedOctets;
    this.#stall = setTimeout(() => {
      this.#stall = undefined;
      const taken = owed - this.bufferedOctets;
      if (taken >= this.options.max_buffered / 2) this.#watchStall();
      else this.closeBoth(CloseCode.policyViolation, `the ${this.#name} does not read`);
    }, this.#stallTimeoutMs);
  }

  #stopWatching(): void {
    clearTimeout(this.#stall);
    this.#stall = undefined;
  }

  get #name(): string {
    return this.role === "server" ? "client" : "backend";
  }
}
