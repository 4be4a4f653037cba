/**
 * SessionExpiry: ends a session when the token of its client ends.
 *
 * @module
 */

/** A timer takes no more than 2^31 - 1 milliseconds, and does not notice that the clock of the machine is set. */
const LONGEST_WAIT_MS = 3_600_000;

/** The time of a joined session until its token ends. */
export class SessionExpiry {
  #timer: Timer | undefined;

  /** Calls `end` once, at a time in milliseconds since 1970, unless it is stopped before. */
  constructor(until: number, end: () => void) {
    const wait = () => {
      const left = until - Date.now();
      if (left <= 0 && this.#timer !== undefined) end();
      else this.#timer = setTimeout(wait, Math.min(Math.max(left, 0), LONGEST_WAIT_MS));
    };
    wait();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
