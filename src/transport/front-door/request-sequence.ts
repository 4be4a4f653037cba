/**
 * RequestSequence: the requests of one connection, one after the other, for as long as each is answered
 * here; the first that is for somebody else takes the connection with it.
 *
 * @module
 */

import { RequestHead } from "./request-head.ts";
import type { DoorSocket, Receiver } from "./visit.ts";

/** How long a connection may be open without a further request. */
const IDLE_MS = 30_000;

/** How long a client may take to close once it has been told to. */
const CLOSE_MS = 1000;

/** Goes on behind a request that was answered; `rest` is what the client has sent since. */
export type GoOn = (rest: Uint8Array) => void;

/** What a sequence is made of. */
export interface SequenceOptions {
  socket: DoorSocket;
  /** Who takes a request; whoever leaves the connection open behind its answer goes on. */
  enter: (head: RequestHead, goOn: GoOn) => Receiver;
  /** Who takes what is no request that can be read. */
  enterMalformed: (head: RequestHead) => Receiver;
  /** Is called once, when the connection is closed. */
  onEnd: () => void;
}

/** The receiver of a connection on which several requests may come. */
export class RequestSequence implements Receiver {
  readonly #options: SequenceOptions;
  #receiver: Receiver | null = null;
  #head = new RequestHead();
  #hasEnded = false;
  #isClosed = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: SequenceOptions) {
    this.#options = options;
  }

  /** Takes the first request. */
  begin(head: RequestHead): void {
    this.#handOn(this.#options.enter(head, (rest) => this.#goOn(rest)));
  }

  received(chunk: Uint8Array): void {
    if (this.#receiver !== null) {
      this.#receiver.received(chunk);
      return;
    }
    const state = this.#head.push(chunk);
    if (state === "incomplete") return;
    clearTimeout(this.#timer);
    if (state === "complete") this.begin(this.#head);
    else this.#handOn(this.#options.enterMalformed(this.#head));
  }

  drained(): void {
    this.#receiver?.drained();
  }

  ended(): void {
    this.#hasEnded = true;
    if (this.#receiver === null) this.end();
    else this.#receiver.ended();
  }

  closed(error: Error | undefined): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#receiver?.closed(error);
    this.#options.onEnd();
  }

  /** Closes the connection where no request is being answered. */
  end(): void {
    if (this.#receiver !== null || this.#isClosed) return;
    const { socket } = this.#options;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => socket.terminate(), CLOSE_MS);
    socket.end();
  }

  #handOn(receiver: Receiver): void {
    this.#receiver = receiver;
    if (this.#isClosed) receiver.closed(undefined);
    else if (this.#hasEnded) receiver.ended();
  }

  #goOn(rest: Uint8Array): void {
    // Later, so that many requests in one read do not nest; nobody reads the socket in between.
    queueMicrotask(() => {
      if (this.#isClosed) return;
      this.#receiver = null;
      this.#head = new RequestHead();
      this.#timer = setTimeout(() => this.end(), IDLE_MS);
      if (rest.length > 0) this.received(rest);
      if (this.#hasEnded) this.end();
    });
  }
}
