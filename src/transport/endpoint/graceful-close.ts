/**
 * Closing: the end of all connections of one kind, waited for, but not for ever.
 *
 * @module
 */

/** Connections that are still open this long after they were told to end are cut off. */
const CLOSE_DEADLINE_MS = 2000;

/** Ends connections that somebody else keeps. */
export class GracefulClose {
  readonly #isEmpty: () => boolean;
  #empty: PromiseWithResolvers<void> | null = null;

  /** `isEmpty`: whether none is open. */
  constructor(isEmpty: () => boolean) {
    this.#isEmpty = isEmpty;
  }

  /** One of them is over. */
  noteClosed(): void {
    if (this.#isEmpty()) this.#empty?.resolve();
  }

  /** Tells all to end, once, and waits until they are over; `cutOff` ends those that are not in time. */
  async run(end: () => void, cutOff: () => void): Promise<void> {
    if (this.#isEmpty()) return;
    if (this.#empty !== null) return this.#empty.promise;
    const empty = Promise.withResolvers<void>();
    this.#empty = empty;
    end();
    const deadline = setTimeout(() => {
      cutOff();
      empty.resolve();
    }, CLOSE_DEADLINE_MS);
    if (!this.#isEmpty()) await empty.promise;
    clearTimeout(deadline);
  }
}
