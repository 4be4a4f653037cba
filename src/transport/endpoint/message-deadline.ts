/**
 * MessageDeadline: the time within which a message must be complete, from its first octet on.
 *
 * Every octet that arrives extends it, so that a long message over a slow line is not cut off; but it is never further
 * away than `message_timeout`, so that a message that stands still does not hold its memory for long. The time in which the
 * connection is not read does not count.
 *
 * A timer is set at most once in `message_timeout`, not for each message.
 *
 * @module
 */

/** A message that arrives at this rate is never cut off. */
const SLOWEST_OCTETS_PER_MS = 16;

/** A deadline that stands still is looked at again after this time. */
const PAUSED_CHECK_MS = 100;

/** The input of the connection, whose clock stands still while it is not read. */
export interface ReadingClock {
  readonly isPaused: boolean;
  readonly readingMs: number;
}

/** Watches the incomplete message of one connection. */
export class MessageDeadline {
  readonly #timeoutMs: number;
  readonly #clock: ReadingClock;
  readonly #onExpired: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Which message is incomplete, and how much of it has arrived; no octets: none is. */
  #number = -1;
  #octets = 0;
  /** When the message must be complete, by the clock. */
  #untilMs = 0;

  /** With a timeout of 0 a message may take any time. */
  constructor(timeoutMs: number, clock: ReadingClock, onExpired: () => void) {
    this.#timeoutMs = timeoutMs;
    this.#clock = clock;
    this.#onExpired = onExpired;
  }

  /** Notes that of message `number` so many octets have arrived, and not all; 0: no message is incomplete. */
  note(number: number, octets: number): void {
    const before = number === this.#number ? this.#octets : 0;
    this.#octets = octets;
    if (octets === 0 || this.#timeoutMs === 0) return;
    const latestMs = this.#clock.readingMs + this.#timeoutMs;
    const extendedMs = this.#untilMs + (octets - before) / SLOWEST_OCTETS_PER_MS;
    this.#untilMs = number === this.#number ? Math.min(latestMs, extendedMs) : latestMs;
    this.#number = number;
    // No closure, because many connections have such a timer.
    this.#timer ??= setTimeout(MessageDeadline.#timerFired, this.#timeoutMs, this);
  }

  /** Stops for good. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#octets = 0;
  }

  static #timerFired(deadline: MessageDeadline): void {
    deadline.#check();
  }

  #check(): void {
    this.#timer = undefined;
    if (this.#octets === 0) return;
    const leftMs = this.#untilMs - this.#clock.readingMs;
    if (leftMs <= 0) {
      this.#onExpired();
      return;
    }
    const waitMs = this.#clock.isPaused ? Math.max(leftMs, PAUSED_CHECK_MS) : leftMs;
    this.#timer = setTimeout(MessageDeadline.#timerFired, Math.ceil(waitMs), this);
  }
}
