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
  /** What it has asked for is to be answered first. */
  answers: 16,
  /** Too many of its messages wait for their acknowledgements. */
  acknowledgements: 32,
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

/** What is true of an input: bits of one number, because many connections are idle and each has inputs. */
const Flag = {
  /** The last read was so long, or of so many messages, that the turn was measured. */
  heavy: 1,
  /** It waits for a turn. */
  waiting: 2,
  socketPaused: 4,
  /** It is not paused any more. */
  ending: 8,
  stopped: 16,
} as const;

/** The input of one connection. */
export class PacedInput implements TurnTaker {
  readonly #socket: PausableSource;
  readonly #decoder: InputDecoder;
  readonly #turns: EventTurns;
  #reasons = 0;
  /** What was read and is not decoded yet. */
  #kept: Uint8Array = NO_OCTETS;
  #allowance = ALLOWANCE_OCTETS;
  /** Bits of `Flag`. */
  #flags = 0;
  /** While the socket is read: how long it was paused so far. While it is paused: what `readingMs` is. */
  #clockMs = 0;

  constructor(socket: PausableSource, decoder: InputDecoder, turns: EventTurns = eventTurns) {
    this.#socket = socket;
    this.#decoder = decoder;
    this.#turns = turns;
  }

  /** Whether the connection is not read at present, for whatever reason. */
  get isPaused(): boolean {
    return this.#is(Flag.socketPaused);
  }

  /** A clock in milliseconds that stands still while the connection is not read. */
  get readingMs(): number {
    return this.isPaused ? this.#clockMs : performance.now() - this.#clockMs;
  }

  /** Whether this reason not to read holds. */
  isPausedFor(reason: number): boolean {
    return (this.#reasons & reason) !== 0;
  }

  /** The socket has read octets, which nothing else uses; their memory is given back. */
  received(chunk: Uint8Array): void {
    if (this.#is(Flag.stopped)) {
      freeHandled(chunk);
      return;
    }
    const mustWait = this.#kept.length > 0 || this.#reasons !== 0;
    if (mustWait || (this.#is(Flag.heavy) && !this.#turns.hasTime())) {
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
    if (this.#is(Flag.ending | Flag.stopped)) return;
    this.#reasons |= reason;
    this.#pauseSocket();
  }

  /** A reason not to read is gone. */
  resume(reason: number): void {
    this.#reasons &= ~reason;
    if (this.#reasons !== 0) return;
    if (this.#kept.length > 0) this.#awaitTurn();
    else this.#resumeSocket();
  }

  /** Ends all pauses for good: what follows is decoded only to find the end of the connection. */
  resumeForGood(): void {
    this.#flags |= Flag.ending;
    this.resume(this.#reasons);
  }

  /** Discards what is kept and what follows; reading goes on, because the end of the stream comes last. */
  stop(): void {
    this.#flags |= Flag.stopped;
    this.#kept = NO_OCTETS;
    this.#reasons = 0;
    this.#resumeSocket();
  }

  /** Whether the decoder may go on, after a message of so many octets. */
  mayContinue(octets: number): boolean {
    if (this.#reasons !== 0 || this.#is(Flag.stopped)) return false;
    this.#allowance -= octets + MESSAGE_OCTETS;
    if (this.#allowance > 0) return true;
    this.#allowance = ALLOWANCE_OCTETS;
    this.#flags |= Flag.heavy;
    return this.#turns.hasTime();
  }

  takeTurn(): void {
    this.#flags &= ~Flag.waiting;
    if (this.#reasons !== 0 || this.#kept.length === 0) return;
    const octets = this.#kept;
    this.#kept = NO_OCTETS;
    this.#decode(octets, true);
  }

  #decode(octets: Uint8Array, isOwned: boolean): void {
    this.#allowance = ALLOWANCE_OCTETS;
    if (octets.length >= ALLOWANCE_OCTETS) this.#flags |= Flag.heavy;
    else this.#flags &= ~Flag.heavy;
    const done = this.#decoder.decode(octets);
    const { length } = octets;
    if (done < length && !this.#is(Flag.stopped)) {
      const rest = octets.subarray(done);
      this.#kept = isOwned ? rest : new Uint8Array(rest);
    }
    if (done >= length || !isOwned) freeHandled(octets);
    if (this.#is(Flag.stopped)) return;
    if (done < length) {
      this.#pauseSocket();
      this.#awaitTurn();
    } else if (this.#reasons === 0) {
      this.#resumeSocket();
    }
  }

  #awaitTurn(): void {
    if (this.#is(Flag.waiting) || this.#reasons !== 0) return;
    this.#flags |= Flag.waiting;
    this.#turns.wait(this);
  }

  #pauseSocket(): void {
    if (this.isPaused) return;
    this.#clockMs = this.readingMs;
    this.#flags |= Flag.socketPaused;
    this.#socket.pause();
  }

  #resumeSocket(): void {
    if (!this.isPaused) return;
    this.#clockMs = performance.now() - this.#clockMs;
    this.#flags &= ~Flag.socketPaused;
    this.#socket.resume();
  }

  /** Whether one of these flags is set. */
  #is(flags: number): boolean {
    return (this.#flags & flags) !== 0;
  }
}
