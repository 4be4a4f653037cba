/**
 * How long to wait before a worker that died is started again.
 *
 * @module
 */

const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 10_000;
/** A worker that lived this long was well; its next death counts as the first. */
const WELL_AFTER_MS = 60_000;

/** The waits of one worker, doubling from death to death. */
export class RestartPolicy {
  #delayMs = FIRST_DELAY_MS;

  /** The wait after a death, given how long the worker had been ready. */
  nextDelayMs(aliveMs: number): number {
    if (aliveMs >= WELL_AFTER_MS) this.#delayMs = FIRST_DELAY_MS;
    const delayMs = this.#delayMs;
    this.#delayMs = Math.min(delayMs * 2, LONGEST_DELAY_MS);
    return delayMs;
  }
}
