/**
 * ConnectBatches: connects to this process's own Web server in batches, one for each turn of the event loop.
 *
 * A Unix socket holds a limited number of pending connects (512 with Bun) and refuses more at once. Bun
 * accepts none within a turn of the event loop, but thousands of clients may arrive in one, for instance
 * when all of them reconnect after a restart.
 *
 * @module
 */

const MAX_CONNECTS_PER_TURN = 128;

/** A queue of connects that is worked off in batches. */
export class ConnectBatches {
  readonly #queue: (() => void)[] = [];
  #countInTurn = 0;

  /** Calls `connect` now, or in one of the next turns. */
  run(connect: () => void): void {
    if (this.#countInTurn === 0) setImmediate(() => this.#nextTurn());
    if (this.#countInTurn < MAX_CONNECTS_PER_TURN) {
      this.#countInTurn += 1;
      connect();
    } else {
      this.#queue.push(connect);
    }
  }

  #nextTurn(): void {
    this.#countInTurn = 0;
    for (const connect of this.#queue.splice(0, MAX_CONNECTS_PER_TURN)) this.run(connect);
  }
}
