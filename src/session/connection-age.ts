/**
 * ConnectionAge: ends the sessions of a connection that is older than `max_connection_age`, so that its client
 * connects again and may reach another proxy.
 *
 * @module
 */

/** The age is up to so much shorter or longer, so that clients that came together do not leave together. */
const JITTER = 0.1;

/** Time for calls that wait for their answers. */
export const AGE_GRACE_MS = 10_000;

/** A session that was not joined when its time came is looked at again after this. */
const RETRY_MS = 1_000;

/** Calls back when a connection has reached its age, and again as long as it stays. */
export class ConnectionAge {
  #timer: Timer;

  /** `random` gives numbers from 0 to 1. */
  constructor(maxMs: number, retire: () => void, random: () => number = Math.random) {
    const repeat = () => {
      this.#timer = setTimeout(repeat, RETRY_MS);
      retire();
    };
    this.#timer = setTimeout(repeat, maxMs * (1 + JITTER * (2 * random() - 1)));
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
