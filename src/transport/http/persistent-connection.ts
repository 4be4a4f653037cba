/**
 * PersistentConnection: several requests on one connection, one after the other (RFC 9112, section 9.3).
 *
 * It ends with the first request that is answered elsewhere: that one takes the connection over.
 *
 * @module
 */

import type { ConnectionEvents, ConnectionSocket } from "#transport/endpoint/connection.ts";
import { type EventTurns, eventTurns, type TurnTaker } from "#transport/endpoint/event-turns.ts";
import { hasToken } from "./header-fields.ts";
import type { HttpRequest } from "./http-request.ts";
import { type HeadFault, RequestHead } from "./request-head.ts";

/**
 * How long a connection may stay idle between two requests: longer than the 60 s of nginx for its upstreams,
 * so that no request is sent on a connection that is just being closed.
 */
const IDLE_MS = 75_000;

/** Time for a client to close after this side has ended. */
const CLOSE_MS = 1000;

/** Most octets of later requests that wait for an answer. */
const MAX_PIPELINED_OCTETS = 64 * 1024;

/** Whether a client may send another request after this one. */
export function leavesOpen({ isHttp10, headers }: HttpRequest): boolean {
  return !isHttp10 && !hasToken(headers, "connection", "close");
}

/**
 * What a client has sent after its request, with what has come now; null: too much to keep, so that the connection
 * closes after the answer (RFC 9112, section 9.6).
 */
export function withPipelined(before: Buffer, chunk: Uint8Array): Buffer | null {
  if (chunk.length === 0) return before;
  const isTooLong = before.length + chunk.length > MAX_PIPELINED_OCTETS;
  return isTooLong ? null : Buffer.concat([before, chunk]);
}

/** Continues after an answer; `pipelined` are the octets that the client has sent since its request. */
export type ReadNextRequest = (pipelined: Uint8Array) => void;

/** How the requests of a connection are handled. */
export interface PersistentConnectionOptions {
  socket: ConnectionSocket;
  /** Takes a request; calls `readNextRequest` after an answer that leaves the connection open. */
  take: (head: RequestHead, readNextRequest: ReadNextRequest) => ConnectionEvents;
  /** Takes the connection over at a request with a fault in its head. */
  takeFaulty: (fault: HeadFault, head: RequestHead) => ConnectionEvents;
  /** Called once, when the connection has closed. */
  onEnd: () => void;
}

/** Receives the events of a connection and passes them to the request that is being answered. */
export class PersistentConnection implements ConnectionEvents, TurnTaker {
  readonly #options: PersistentConnectionOptions;
  readonly #turns: EventTurns;
  #events: ConnectionEvents | null = null;
  #head = new RequestHead();
  /** What the client has sent since the last request, which is to be read in a moment; null: nothing is. */
  #pipelined: Uint8Array | null = null;
  /** Whether the request that was taken last is answered. */
  #isAnswered = false;
  #isPaused = false;
  #hasEnded = false;
  /** Whether this side has ended the connection. */
  #isEnding = false;
  #isClosed = false;
  /** When the last answer was written. */
  #idleSince = 0;
  /** Set at most once in `IDLE_MS`, not for each request. */
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** One function for all requests. */
  readonly #next: ReadNextRequest = (pipelined) => this.#readNextRequest(pipelined);

  constructor(options: PersistentConnectionOptions, turns: EventTurns = eventTurns) {
    this.#options = options;
    this.#turns = turns;
  }

  /** Has `take` answer the first request. */
  begin(take: (readNextRequest: ReadNextRequest) => ConnectionEvents): void {
    this.#isAnswered = false;
    this.#handOver(take(this.#next));
  }

  received(chunk: Uint8Array): void {
    if (this.#events !== null) {
      this.#events.received(chunk);
      return;
    }
    // Its answer would be lost.
    if (this.#isEnding) return;
    if (this.#pipelined !== null) {
      this.#pipelined = Buffer.concat([this.#pipelined, chunk]);
      return;
    }
    const state = this.#head.push(chunk);
    if (state === "incomplete") return;
    this.#isAnswered = false;
    const { take, takeFaulty } = this.#options;
    this.#handOver(
      state === "complete" ? take(this.#head, this.#next) : takeFaulty(state, this.#head),
    );
  }

  drained(): void {
    this.#events?.drained();
  }

  ended(): void {
    this.#hasEnded = true;
    if (this.#events !== null) this.#events.ended();
    else if (this.#pipelined === null) this.end();
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
    this.#isEnding = true;
    this.#pipelined = null;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => socket.terminate(), CLOSE_MS);
    socket.end();
  }

  #handOver(events: ConnectionEvents): void {
    if (this.#isAnswered) return;
    this.#events = events;
    if (this.#isClosed) events.closed(undefined);
    else if (this.#hasEnded) events.ended();
  }

  #readNextRequest(pipelined: Uint8Array): void {
    this.#events = null;
    this.#isAnswered = true;
    if (pipelined.length === 0 && !this.#hasEnded) {
      this.#awaitRequest();
      return;
    }
    this.#pipelined = pipelined;
    if (pipelined.length > 0 && !this.#turns.hasTime()) {
      // Many short requests in one read must not hold up the other connections.
      this.#isPaused = true;
      this.#options.socket.pause();
      this.#turns.wait(this);
    } else {
      // In a microtask, so that many requests in one read do not nest.
      queueMicrotask(() => this.takeTurn());
    }
  }

  #awaitRequest(): void {
    if (this.#isClosed) return;
    this.#head = new RequestHead();
    this.#idleSince = performance.now();
    // No closure, because many connections have such a timer.
    this.#timer ??= setTimeout(PersistentConnection.#timerFired, IDLE_MS, this);
  }

  static #timerFired(connection: PersistentConnection): void {
    connection.#endWhenIdle();
  }

  /** Ends the connection where it was idle all the time; the next answer sets the timer again. */
  #endWhenIdle(): void {
    this.#timer = undefined;
    if (this.#events !== null || this.#pipelined !== null) return;
    const leftMs = this.#idleSince + IDLE_MS - performance.now();
    if (leftMs <= 0) this.end();
    else this.#timer = setTimeout(PersistentConnection.#timerFired, Math.ceil(leftMs), this);
  }

  /** Reads what the client has sent since the last request. */
  takeTurn(): void {
    const pipelined = this.#pipelined;
    if (this.#isClosed || pipelined === null) return;
    this.#pipelined = null;
    this.#awaitRequest();
    if (this.#isPaused) this.#options.socket.resume();
    this.#isPaused = false;
    if (pipelined.length > 0) this.received(pipelined);
    if (this.#hasEnded && this.#pipelined === null) this.end();
  }
}
