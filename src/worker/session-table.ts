/**
 * SessionTable: the open sessions of a worker, which a shutdown ends, all at once or one after the other, and the last
 * ones that have ended.
 *
 * @module
 */

import { withinTime } from "#base/within-time.ts";
import { ClosedSessions } from "#observe/closed-sessions.ts";
import {
  type ListedSession,
  pageOf,
  type SessionFacts,
  type SessionPage,
  type SessionQuery,
} from "#observe/session-facts.ts";

/** A session that ends when the worker is shut down. */
export interface EndableSession {
  /** Whether its client has not joined yet. */
  readonly isJoining: boolean;
  /** Ends behind the answer to a call, or when there is none, within so many milliseconds. */
  retire(cause: "shutdown", graceMs: number): void;
  /** Ends at once. */
  shutdown(): void;
  /** What is known of it, for lists. */
  facts(): SessionFacts;
}

/** The last turn comes after so much of a drain; the rest is for calls that wait for their answers. */
const TURNS_SHARE = 0.75;

/** Few sessions end with shorter pauses than a long drain would have. */
const LONGEST_GAP_MS = 1_000;

/** The sessions of one worker. */
export class SessionTable<S extends EndableSession = EndableSession> {
  /** The open ones, with the number of their connection. */
  readonly #sessions = new Map<S, number>();
  readonly #closed = new ClosedSessions();
  #lastCid = 0;
  #empty: PromiseWithResolvers<void> | undefined;

  /** Number of open sessions. */
  get size(): number {
    return this.#sessions.size;
  }

  /** Whether a client has not joined yet. */
  get hasJoining(): boolean {
    return this.#sessions.keys().some(({ isJoining }) => isJoining);
  }

  add(session: S): S {
    this.#lastCid += 1;
    this.#sessions.set(session, this.#lastCid);
    return session;
  }

  /** A session is over. Connections without a HELLO, such as those of health checks, would only push out others. */
  remove(session: S): void {
    const cid = this.#sessions.get(session);
    if (cid === undefined) return;
    this.#sessions.delete(session);
    const facts = session.facts();
    if (facts.reason !== null) this.#closed.add({ cid, ...facts });
    if (this.#sessions.size === 0) this.#empty?.resolve();
  }

  /**
   * Retires one session after the other, with random gaps, so that their clients do not all come to another node at
   * once; resolves when all have ended, and after so many milliseconds at the latest.
   */
  async drain(durationMs: number): Promise<void> {
    const end = performance.now() + durationMs;
    const sessions = [...this.#sessions.keys()];
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
    for (const session of [...this.#sessions.keys()]) session.shutdown();
    await this.#untilEmpty(timeoutMs);
  }

  async #untilEmpty(timeoutMs: number): Promise<void> {
    if (this.#sessions.size === 0) return;
    this.#empty ??= Promise.withResolvers<void>();
    await withinTime(this.#empty.promise, timeoutMs);
  }

  /** The sessions that a query asks for. */
  page(query: SessionQuery): SessionPage {
    const open = query.state === "closed" ? 0 : this.#sessions.size;
    const closed = query.state === "open" ? [] : this.#closed.all();
    const total = open + closed.length;
    if (query.state === "open" && query.sort !== "pending") {
      return { total, sessions: this.#openFrom(query) };
    }
    return { total, sessions: pageOf([...closed, ...(open > 0 ? this.#open() : [])], query) };
  }

  *#open(): Generator<ListedSession> {
    for (const [session, cid] of this.#sessions) yield { cid, ...session.facts() };
  }

  /** They are in the order of their numbers, of their starts and of their age: only those of the page are looked at. */
  #openFrom({ offset, limit }: SessionQuery): ListedSession[] {
    const page: ListedSession[] = [];
    let index = 0;
    for (const [session, cid] of this.#sessions) {
      if (index >= offset + limit) break;
      if (index >= offset) page.push({ cid, ...session.facts() });
      index += 1;
    }
    return page;
  }
}
