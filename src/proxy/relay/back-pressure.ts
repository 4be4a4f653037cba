/**
 * BackPressure: what happens to one side of a session while the other does not take what it is sent.
 *
 *     0 ... max_buffered        both sides are read
 *       ... 2 x max_buffered    the stall clock runs; pings of the source are still seen
 *       beyond                  the source is not read until the other side has caught up
 *
 * A side that is still behind when `stall_timeout` has passed, and took less than half of
 * `max_buffered` in that time, is stalled. So a slow reader of one large message is waited for.
 *
 * @module
 */

import type { BufferOptions } from "#config/node-config.ts";
import type { Peer } from "#wamp/peer.ts";

/** One of the two ends of a session. */
export type Side = "client" | "router";

/** Is told of a side that did not take what it was sent for too long. */
export interface StallObserver {
  onStalled(side: Side): void;
}

/** Slows `from` down to the pace of `to`. */
export class BackPressure {
  readonly #from: Peer;
  readonly #to: Peer;
  readonly #options: BufferOptions;
  readonly #side: Side;
  readonly #observer: StallObserver;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #isBehind = false;
  /** Octets that waited when the clock was started, and that were sent since. */
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

  /** `to` was sent a message of so many octets and is behind. */
  behind(octets: number): void {
    if (this.#to.bufferedOctets > 2 * this.#options.max_buffered) this.#from.pause();
    this.#owed += octets;
    if (this.#isBehind) return;
    this.#isBehind = true;
    this.#startClock();
  }

  /** `to` has caught up. */
  drained(): void {
    this.stop();
    this.#from.resume();
  }

  /** The session ends: nothing is called any more. */
  stop(): void {
    this.#isBehind = false;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #startClock(): void {
    const { max_buffered, stall_timeout } = this.#options;
    if (stall_timeout === 0) return;
    this.#owed = this.#to.bufferedOctets;
    this.#timer = setTimeout(() => {
      const taken = this.#owed - this.#to.bufferedOctets;
      if (taken < max_buffered / 2) this.#observer.onStalled(this.#side);
      else this.#startClock();
    }, stall_timeout);
  }
}
