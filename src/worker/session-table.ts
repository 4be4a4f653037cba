/**
 * SessionTable: the open sessions of a worker, which a shutdown ends.
 *
 * @module
 */

/** A session that ends when the worker is shut down. */
export interface EndableSession {
  shutdown(): void;
}

/** The open sessions of one worker. */
export class SessionTable<S extends EndableSession = EndableSession> {
  readonly #sessions = new Set<S>();
  #empty: PromiseWithResolvers<void> | undefined;

  /** Number of open sessions. */
  get size(): number {
    return this.#sessions.size;
  }

  add(session: S): S {
    this.#sessions.add(session);
    return session;
  }

  remove(session: S): void {
    this.#sessions.delete(session);
    if (this.#sessions.size === 0) this.#empty?.resolve();
  }

  /** Shuts every session down, and waits until all have ended or the time is over. */
  async shutdown(timeoutMs: number): Promise<void> {
    for (const session of [...this.#sessions]) session.shutdown();
    if (this.#sessions.size === 0) return;
    this.#empty ??= Promise.withResolvers<void>();
    const timer = setTimeout(this.#empty.resolve, timeoutMs);
    await this.#empty.promise;
    clearTimeout(timer);
  }
}
