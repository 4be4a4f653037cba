/**
 * GracefulClose: ends all connections of one kind and waits until they are closed, up to a deadline.
 *
 * @module
 */

/** Connections that are still open this long after they were ended are terminated. */
const CLOSE_DEADLINE_MS = 2000;

/** The open connections: a set, or the keys of a map. */
interface OpenConnections<Connection> {
  readonly size: number;
  keys(): Iterable<Connection>;
}

/** Closes connections that their owner keeps and removes when they have closed. */
export class GracefulClose<Connection extends { terminate(): void }> {
  readonly #open: OpenConnections<Connection>;
  #allClosed: PromiseWithResolvers<void> | null = null;

  constructor(open: OpenConnections<Connection>) {
    this.#open = open;
  }

  /** Notes that a connection has closed. */
  noteClosed(): void {
    if (this.#open.size === 0) this.#allClosed?.resolve();
  }

  /** Calls `end` once with each connection, and waits until all are closed or terminated. */
  async run(end: (connection: Connection) => void): Promise<void> {
    if (this.#open.size === 0) return;
    if (this.#allClosed !== null) return this.#allClosed.promise;
    const allClosed = Promise.withResolvers<void>();
    this.#allClosed = allClosed;
    for (const connection of [...this.#open.keys()]) end(connection);
    const deadline = setTimeout(() => {
      for (const connection of [...this.#open.keys()]) connection.terminate();
      allClosed.resolve();
    }, CLOSE_DEADLINE_MS);
    if (this.#open.size > 0) await allClosed.promise;
    clearTimeout(deadline);
  }
}
