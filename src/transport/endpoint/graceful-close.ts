/**
 * GracefulClose: ends all connections of one kind and waits until they are closed, up to a deadline.
 *
 * @module
 */

/** Connections that are still open this long after `endAll` are terminated. */
const CLOSE_DEADLINE_MS = 2000;

/** Ends a set of connections that its owner keeps. */
export class GracefulClose {
  readonly #isEmpty: () => boolean;
  #empty: PromiseWithResolvers<void> | null = null;

  /** `isEmpty`: whether no connection is open. */
  constructor(isEmpty: () => boolean) {
    this.#isEmpty = isEmpty;
  }

  /** Notes that a connection has closed. */
  noteClosed(): void {
    if (this.#isEmpty()) this.#empty?.resolve();
  }

  /** Calls `endAll` once and waits until all are closed; calls `terminateAll` after the deadline. */
  async run(endAll: () => void, terminateAll: () => void): Promise<void> {
    if (this.#isEmpty()) return;
    if (this.#empty !== null) return this.#empty.promise;
    const empty = Promise.withResolvers<void>();
    this.#empty = empty;
    endAll();
    const deadline = setTimeout(() => {
      terminateAll();
      empty.resolve();
    }, CLOSE_DEADLINE_MS);
    if (!this.#isEmpty()) await empty.promise;
    clearTimeout(deadline);
  }
}
