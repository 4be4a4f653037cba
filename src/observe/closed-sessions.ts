/**
 * ClosedSessions: the last sessions of a worker that have ended.
 *
 * @module
 */

import type { ListedSession } from "./session-facts.ts";

/** Most of them that are kept. */
export const MAX_CLOSED = 1_000;

/** Those of one worker; beyond the most, the oldest one is dropped. */
export class ClosedSessions {
  readonly #kept: ListedSession[] = [];
  #next = 0;

  add(session: ListedSession): void {
    this.#kept[this.#next] = session;
    this.#next = (this.#next + 1) % MAX_CLOSED;
  }

  all(): readonly ListedSession[] {
    return this.#kept;
  }
}
