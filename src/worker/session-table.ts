/**
 * SessionTable: the open sessions of a worker, so that all of them can be told of a shutdown.
 *
 * @module
 */

/** A session that can be told that the worker ends. */
export interface EndableSession {
  shutdown(): void;
}

/** The open sessions of one worker. */
export class SessionTable<S extends EndableSession = EndableSession> {
  readonly #sessions = new Set<S>();
  #empty: PromiseWithResolvers<void> | undefined;

  /** How many sessions are open. */
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

  /** Tells every session, and waits until all have ended or the deadline has passed. */
  async shutdown(timeoutMs: number): Promise<void> {
    for (const session of [...this.#sessions]) session.shutdown();
    if (this.#sessions.size === 0) return;
    this.#empty ??= Promise.withResolvers<void>();
    const timer = setTimeout(this.#empty.resolve, timeoutMs);
    await this.#empty.promise;
    clearTimeout(timer);
  }
}
