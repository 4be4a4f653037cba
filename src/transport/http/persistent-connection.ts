/**
 * RequestSequence: the requests of one connection, one after the other, for as long as each is answered
 * here; the first that is for somebody else takes the connection with it.
 *
 * @module
 */

import type { ConnectionEvents, ConnectionSocket } from "#transport/endpoint/connection.ts";
import { RequestHead } from "./request-head.ts";

/** How long a connection may be open without a further request. */
const IDLE_MS = 30_000;

/** How long a client may take to close once it has been told to. */
const CLOSE_MS = 1000;

/** Goes on behind a request that was answered; `rest` is what the client has sent since. */
export type ReadNextRequest = (rest: Uint8Array) => void;

/** What a sequence is made of. */
export interface PersistentConnectionOptions {
  socket: ConnectionSocket;
  /** Takes a request; calls `readNextRequest` behind an answer that leaves the connection open. */
  take: (head: RequestHead, readNextRequest: ReadNextRequest) => ConnectionEvents;
  /** Takes octets that are no request that can be read. */
  takeMalformed: (head: RequestHead) => ConnectionEvents;
  /** Is called once, when the connection is closed. */
  onEnd: () => void;
}

/** The events of a connection on which several requests may come. */
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
    this.#handOver(take((rest) => this.#readNextRequest(rest)));
  }

  received(chunk: Uint8Array): void {
    if (this.#events !== null) {
      this.#events.received(chunk);
      return;
    }
    const state = this.#head.push(chunk);
    if (state === "incomplete") return;
    clearTimeout(this.#timer);
    const { take, takeMalformed } = this.#options;
    const head = this.#head;
    if (state === "complete") this.begin((readNextRequest) => take(head, readNextRequest));
    else this.#handOver(takeMalformed(head));
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

  #readNextRequest(rest: Uint8Array): void {
    // Later, so that many requests in one read do not nest; nobody reads the socket in between.
    queueMicrotask(() => {
      if (this.#isClosed) return;
      this.#events = null;
      this.#head = new RequestHead();
      this.#timer = setTimeout(() => this.end(), IDLE_MS);
      if (rest.length > 0) this.received(rest);
      if (this.#hasEnded) this.end();
    });
  }
}
