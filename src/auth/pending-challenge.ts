/**
 * PendingChallenge: what an authmethod keeps from its CHALLENGE to the client's AUTHENTICATE.
 *
 * @module
 */

/** What one AUTHENTICATE is checked against; a second AUTHENTICATE finds nothing to check. */
export class PendingChallenge<T> {
  #pending: T | undefined;

  set(pending: T): void {
    this.#pending = pending;
  }

  /** Returns and forgets it; undefined: no CHALLENGE is pending. */
  take(): T | undefined {
    const pending = this.#pending;
    this.#pending = undefined;
    return pending;
  }
}
