/**
 * PacedInput: passes the octets of one connection to its decoder, and stops between two messages while
 * the connection is paused, or when the turn of the event loop has no time left.
 *
 * The octets that are not decoded yet are kept, and the socket is paused. So a connection keeps at most one
 * read, which Bun limits to 512 KiB.
 *
 * @module
 */

import { freeHandled } from "#base/octet-ownership.ts";
import type { ConnectionSocket } from "./connection.ts";
import { type EventTurns, eventTurns, type TurnTaker } from "./event-turns.ts";

/** Why a connection is not read: bits, because several reasons may hold at the same time. */
export const PauseReason = {
  /** The session has paused it. */
  session: 1,
  /** The other side does not take the answers to its pings. */
  pongs: 2,
  /** A message is being decompressed. */
  inflating: 4,
  /** A long message waits until there is room for it. */
  memory: 8,
} as const;

/** The socket, or the connection that octets come from. */
type PausableSource = Pick<ConnectionSocket, "pause" | "resume">;

/** Decodes the octets of a connection. */
export interface InputDecoder {
  /**
   * Decodes octets, which may be changed, until `mayContinue` has answered false after a message; gives
   * the number of octets that are done with.
   */
  decode(octets: Uint8Array): number;
}

/** Octets and messages that are decoded before the clock is read: a message counts for some octets. */
const ALLOWANCE_OCTETS = 64 * 1024;
const MESSAGE_OCTETS = 4 * 1024;

const NO_OCTETS = new Uint8Array(0);

/** The input of one connection. */
export class PacedInput implements TurnTaker {
  readonly #socket: PausableSource;
  readonly #decoder: InputDecoder;
  readonly #turns: EventTurns;
  #reasons = 0;
  /** What was read and is not decoded yet. */
  #kept: Uint8Array = NO_OCTETS;
  #allowance = ALLOWANCE_OCTETS;
  /** The last read was so long, or of so many messages, that the turn was measured. */
  #isHeavy = false;
  #isDecoding = false;
  #isWaiting = false;
  #isSocketPaused = false;
  /** How long the socket was paused before, and since when it is paused now. */
  #pausedMs = 0;
  #pausedSince = 0;
  #isStopped = false;
  /** The connection is not paused any more. */
  #isEnding = false;

  constructor(socket: PausableSource, decoder: InputDecoder, turns: EventTurns = eventTurns) {
    this.#socket = socket;
    this.#decoder = decoder;
    this.#turns = turns;
  }

  /** Whether the connection is not read at present, for whatever reason. */
  get isPaused(): boolean {
    return this.#isSocketPaused;
  }

  /** A clock in milliseconds that stands still while the connection is not read. */
  get readingMs(): number {
    const now = this.#isSocketPaused ? this.#pausedSince : performance.now();
    return now - this.#pausedMs;
  }

  /** Whether this reason not to read holds. */
  isPausedFor(reason: number): boolean {
    return (this.#reasons & reason) !== 0;
  }

  /** The socket has read octets, which nothing else uses; their memory is given back. */
  received(chunk: Uint8Array): void {
    if (this.#isStopped) {
      freeHandled(chunk);
      return;
    }
    const mustWait = this.#kept.length > 0 || this.#reasons !== 0;
    if (mustWait || (this.#isHeavy && !this.#turns.hasTime())) {
      this.#kept = Buffer.concat([this.#kept, chunk]);
      freeHandled(chunk);
      this.#pauseSocket();
      this.#awaitTurn();
    } else {
      this.#decode(chunk, false);
    }
  }

  /** Stops decoding and reading, for a reason of `PauseReason`. */
  pause(reason: number): void {
    if (this.#isEnding || this.#isStopped) return;
    this.#reasons |= reason;
    this.#pauseSocket();
  }

  /** A reason not to read is gone. */
  resume(reason: number): void {
    this.#reasons &= ~reason;
    if (this.#reasons !== 0 || this.#isDecoding) return;
    if (this.#kept.length > 0) this.#awaitTurn();
    else this.#resumeSocket();
  }

  /** Ends all pauses for good: what follows is decoded only to find the end of the connection. */
  resumeForGood(): void {
    this.#isEnding = true;
    this.resume(this.#reasons);
  }

  /** Discards what is kept and what follows; reading goes on, because the end of the stream comes last. */
  stop(): void {
    this.#isStopped = true;
    this.#kept = NO_OCTETS;
    this.#reasons = 0;
    this.#resumeSocket();
  }

  /** Whether the decoder may go on, after a message of so many octets. */
  mayContinue(octets: number): boolean {
    if (this.#reasons !== 0 || this.#isStopped) return false;
    this.#allowance -= octets + MESSAGE_OCTETS;
    if (this.#allowance > 0) return true;
    this.#allowance = ALLOWANCE_OCTETS;
    this.#isHeavy = true;
    return this.#turns.hasTime();
  }

  takeTurn(): void {
    this.#isWaiting = false;
    if (this.#reasons !== 0 || this.#kept.length === 0) return;
    const octets = this.#kept;
    this.#kept = NO_OCTETS;
    this.#decode(octets, true);
  }

  #decode(octets: Uint8Array, isOwned: boolean): void {
    this.#allowance = ALLOWANCE_OCTETS;
    this.#isHeavy = octets.length >= ALLOWANCE_OCTETS;
    this.#isDecoding = true;
    let done = octets.length;
    try {
      done = this.#decoder.decode(octets);
    } finally {
      this.#isDecoding = false;
    }
    const { length } = octets;
    if (done < length && !this.#isStopped) {
      const rest = octets.subarray(done);
      this.#kept = isOwned ? rest : new Uint8Array(rest);
    }
    if (done >= length || !isOwned) freeHandled(octets);
    if (this.#isStopped) return;
    if (done < length) {
      this.#pauseSocket();
      this.#awaitTurn();
    } else if (this.#reasons === 0) {
      this.#resumeSocket();
    }
  }

  #awaitTurn(): void {
    if (this.#isWaiting || this.#reasons !== 0) return;
    this.#isWaiting = true;
    this.#turns.wait(this);
  }

  #pauseSocket(): void {
    if (this.#isSocketPaused) return;
    this.#isSocketPaused = true;
    this.#pausedSince = performance.now();
    this.#socket.pause();
  }

  #resumeSocket(): void {
    if (!this.#isSocketPaused) return;
    this.#isSocketPaused = false;
    this.#pausedMs += performance.now() - this.#pausedSince;
    this.#socket.resume();
  }
}
