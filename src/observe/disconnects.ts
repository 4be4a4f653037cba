/**
 * Disconnects: the connections of clients that this process has ended, by WebSocket close code.
 *
 * @module
 */

/** Most codes that are told apart; a reverse proxy closes with those of its upstream server. */
const MAX_CODES = 50;

/** The code under which all are counted that are not told apart. */
const OTHER_CODES = 0;

/** The counts of one process. */
export class Disconnects {
  readonly #counts = new Map<number, number>();

  /** Counts a connection that is closed with this code. */
  count(code: number): void {
    const isKnown = this.#counts.has(code) || this.#counts.size < MAX_CODES;
    const counted = isKnown ? code : OTHER_CODES;
    this.#counts.set(counted, (this.#counts.get(counted) ?? 0) + 1);
  }

  figures(): { code: number; count: number }[] {
    return [...this.#counts].map(([code, count]) => ({ code, count }));
  }
}

/** Those of this process, since it was started; changed wherever a transport closes the connection of a client. */
export const disconnects = new Disconnects();
