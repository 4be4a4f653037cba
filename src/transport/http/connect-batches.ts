/**
 * ConnectGate: lets connects to a Web server of this very process through in groups.
 *
 * A Unix socket takes as many connects as may wait to be accepted (512 with Bun) and refuses the next
 * one at once. Nothing is accepted within a turn of the event loop, but thousands of clients may come
 * in one, all of whom a restart has made connect again.
 *
 * @module
 */

const MOST_IN_A_TURN = 128;

/** A queue that is worked off in groups, one for each turn of the event loop. */
export class ConnectBatches {
  readonly #waiting: (() => void)[] = [];
  #countInTurn = 0;

  /** Calls `connect` now, or in one of the next turns. */
  run(connect: () => void): void {
    if (this.#countInTurn === 0) setImmediate(() => this.#nextTurn());
    if (this.#countInTurn < MOST_IN_A_TURN) {
      this.#countInTurn += 1;
      connect();
    } else {
      this.#waiting.push(connect);
    }
  }

  #nextTurn(): void {
    this.#countInTurn = 0;
    for (const connect of this.#waiting.splice(0, MOST_IN_A_TURN)) this.run(connect);
  }
}
