/**
 * BackPressure: slows down the sender of a session's messages while their receiver does not read.
 *
 *     octets that wait for the receiver
 *     0 ... max_buffered        both sides are read
 *       ... 2 x max_buffered    the stall timer runs; pings of the sender are still answered
 *       beyond                  the sender is not read until the receiver has taken what waits
 *
 * A receiver that took less than half of `max_buffered` within `stall_timeout` is stalled, so a slow
 * reader of one large message is not.
 *
 * @module
 */

import type { BufferOptions } from "#config/node-config.ts";
import type { Peer } from "#wamp/peer.ts";

/** One of the two ends of a session. */
export type Side = "client" | "router";

/** Observes a side that is stalled. */
export interface StallObserver {
  onStalled(side: Side): void;
}

/** Slows `from` down to the speed at which `to` reads. */
export class BackPressure {
  readonly #from: Peer;
  readonly #to: Peer;
  readonly #options: BufferOptions;
  readonly #side: Side;
  readonly #observer: StallObserver;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #isBehind = false;
  /** Octets that waited when the timer was started, and that were sent since. */
  #owed = 0;

  /** `side` is which end of the session `to` is. */
  constructor(
    from: Peer,
    to: Peer,
    options: BufferOptions,
    { side, observer }: { side: Side; observer: StallObserver },
  ) {
    this.#from = from;
    this.#to = to;
    this.#options = options;
    this.#side = side;
    this.#observer = observer;
  }

  /** `to` was sent a message of this many octets, and more than `max_buffered` wait for it. */
  behind(octets: number): void {
    if (this.#to.bufferedOctets > 2 * this.#options.max_buffered) this.#from.pause();
    this.#owed += octets;
    if (this.#isBehind) return;
    this.#isBehind = true;
    this.#startTimer();
  }

  /** `to` has taken all that waited for it. */
  drained(): void {
    this.stop();
    this.#from.resume();
  }

  /** Stops the timer; the observer is not called any more. */
  stop(): void {
    this.#isBehind = false;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #startTimer(): void {
    const { max_buffered, stall_timeout } = this.#options;
    if (stall_timeout === 0) return;
    this.#owed = this.#to.bufferedOctets;
    this.#timer = setTimeout(() => {
      const taken = this.#owed - this.#to.bufferedOctets;
      if (taken < max_buffered / 2) this.#observer.onStalled(this.#side);
      else this.#startTimer();
    }, stall_timeout);
  }
}
