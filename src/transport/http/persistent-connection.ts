/**
 * PersistentConnection: several requests on one connection, one after the other (RFC 9112, section 9.3).
 *
 * It ends with the first request that is answered elsewhere: that one takes the connection over.
 *
 * @module
 */

import type { ConnectionEvents, ConnectionSocket } from "#transport/endpoint/connection.ts";
import { type HeadFault, RequestHead } from "./request-head.ts";

/**
 * How long a connection may stay idle between two requests: longer than the 60 s of nginx for its upstreams,
 * so that no request is sent on a connection that is just being closed.
 */
const IDLE_MS = 75_000;

/** Time for a client to close after this side has ended. */
const CLOSE_MS = 1000;

/** Continues after an answer; `pipelined` are the octets that the client has sent since its request. */
export type ReadNextRequest = (pipelined: Uint8Array) => void;

/** How the requests of a connection are handled. */
export interface PersistentConnectionOptions {
  socket: ConnectionSocket;
  /** Takes a request; calls `readNextRequest` after an answer that leaves the connection open. */
  take: (head: RequestHead, readNextRequest: ReadNextRequest) => ConnectionEvents;
  /** Takes the connection over at a request with a fault in its head. */
  takeFaulty: (fault: HeadFault) => ConnectionEvents;
  /** Called once, when the connection has closed. */
  onEnd: () => void;
}

/** Receives the events of a connection and passes them to the request that is being answered. */
export class PersistentConnection implements ConnectionEvents {
  readonly #options: PersistentConnectionOptions;
  #events: ConnectionEvents | null = null;
  #head = new RequestHead();
  #hasEnded = false;
  #isClosed = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: PersistentConnectionOptions) {
    this.#options = options;
  }

  /** Has `take` answer the first request. */
  begin(take: (readNextRequest: ReadNextRequest) => ConnectionEvents): void {
    this.#handOver(take((pipelined) => this.#readNextRequest(pipelined)));
  }

  received(chunk: Uint8Array): void {
    if (this.#events !== null) {
      this.#events.received(chunk);
      return;
    }
    const state = this.#head.push(chunk);
    if (state === "incomplete") return;
    clearTimeout(this.#timer);
    const { take, takeFaulty } = this.#options;
    const head = this.#head;
    if (state === "complete") this.begin((readNextRequest) => take(head, readNextRequest));
    else this.#handOver(takeFaulty(state));
  }

  drained(): void {
    this.#events?.drained();
  }

  ended(): void {
    this.#hasEnded = true;
    if (this.#events === null) this.end();
    else this.#events.ended();
  }

  closed(error: Error | undefined): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#events?.closed(error);
    this.#options.onEnd();
  }

  /** Closes the connection where no request is being answered. */
  end(): void {
    if (this.#events !== null || this.#isClosed) return;
    const { socket } = this.#options;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => socket.terminate(), CLOSE_MS);
    socket.end();
  }

  #handOver(events: ConnectionEvents): void {
    this.#events = events;
    if (this.#isClosed) events.closed(undefined);
    else if (this.#hasEnded) events.ended();
  }

  #readNextRequest(pipelined: Uint8Array): void {
    // In a microtask, so that many requests in one read do not nest; no socket event comes before it.
    queueMicrotask(() => {
      if (this.#isClosed) return;
      this.#events = null;
      this.#head = new RequestHead();
      this.#timer = setTimeout(() => this.end(), IDLE_MS);
      if (pipelined.length > 0) this.received(pipelined);
      if (this.#hasEnded) this.end();
    });
  }
}
