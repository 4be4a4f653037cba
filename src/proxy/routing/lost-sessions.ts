/**
 * LostSessions: one line of the log for all sessions that lose their router together, as when it is killed.
 *
 *     the first session   begins half a second
 *     others within it    are counted
 *     at its end          one line: how many, over which connection, and why the first one
 *
 * @module
 */

import type { Logger } from "#observe/logger.ts";

/** So long the sessions of a router that is killed may take to notice. */
const GATHERED_MS = 500;

/** The sessions that were lost over one connection of node.json. */
export class LostSessions {
  readonly #log: Logger;
  readonly #connection: string;
  #sessions = 0;
  #first: { peer: string; reason: string } | undefined;
  #timer: Timer | undefined;

  constructor(log: Logger, connection: string) {
    this.#log = log;
    this.#connection = connection;
  }

  /** The session of this client has lost its router. */
  add(peer: string, reason: string): void {
    this.#sessions += 1;
    this.#first ??= { peer, reason };
    this.#timer ??= setTimeout(() => this.flush(), GATHERED_MS);
  }

  /** Writes the line for those that were lost, if any were. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#first === undefined) return;
    const [sessions, { peer, reason }] = [this.#sessions, this.#first];
    this.#sessions = 0;
    this.#first = undefined;
    const client = sessions === 1 ? { peer } : {};
    const fields = { connection: this.#connection, sessions, ...client, reason };
    this.#log.warn("router connection lost", fields);
  }
}
