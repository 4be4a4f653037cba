/**
 * SessionTable: the open sessions of a worker, which a shutdown ends: all at once, or one after the other.
 *
 * @module
 */

import { withinTime } from "#base/within-time.ts";

/** A session that ends when the worker is shut down. */
export interface EndableSession {
  /** Ends behind the answer to a call, or when there is none, within so many milliseconds. */
  retire(cause: "shutdown", graceMs: number): void;
  /** Ends at once. */
  shutdown(): void;
}

/** The last turn comes after so much of a drain; the rest is for calls that wait for their answers. */
const TURNS_SHARE = 0.75;

/** Few sessions end with shorter pauses than a long drain would have. */
const LONGEST_GAP_MS = 1_000;

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

  /**
   * Retires one session after the other, with random gaps, so that their clients do not all come to another node at
   * once; resolves when all have ended, and after so many milliseconds at the latest.
   */
  async drain(durationMs: number): Promise<void> {
    const end = performance.now() + durationMs;
    const sessions = [...this.#sessions];
    const gapMs = Math.min(LONGEST_GAP_MS, (durationMs * TURNS_SHARE) / sessions.length);
    let turn = performance.now();
    for (const session of sessions) {
      const now = performance.now();
      // Many gaps are shorter than a timer can be.
      if (turn > now + 1) await new Promise((resolve) => setTimeout(resolve, turn - now));
      if (this.#sessions.has(session)) session.retire("shutdown", end - performance.now());
      turn += gapMs * (0.5 + Math.random() / 2);
    }
    await this.#untilEmpty(end - performance.now());
  }

  /** Shuts every session down, and waits until all have ended or the time is over. */
  async shutdown(timeoutMs: number): Promise<void> {
    for (const session of [...this.#sessions]) session.shutdown();
    await this.#untilEmpty(timeoutMs);
  }

  async #untilEmpty(timeoutMs: number): Promise<void> {
    if (this.#sessions.size === 0) return;
    this.#empty ??= Promise.withResolvers<void>();
    await withinTime(this.#empty.promise, timeoutMs);
  }
}
