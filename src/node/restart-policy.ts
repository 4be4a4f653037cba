/**
 * How long to wait before a worker that died is restarted.
 *
 * @module
 */

const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 10_000;
/** A worker that was ready for this long is stable: the delay starts at its lowest again. */
const STABLE_AFTER_MS = 60_000;

/** The delays of one worker; each restart doubles them. */
export class RestartPolicy {
  #delayMs = FIRST_DELAY_MS;

  /** The delay before a restart, given how long the worker was ready. */
  nextDelayMs(readyMs: number): number {
    if (readyMs >= STABLE_AFTER_MS) this.#delayMs = FIRST_DELAY_MS;
    const delayMs = this.#delayMs;
    this.#delayMs = Math.min(delayMs * 2, LONGEST_DELAY_MS);
    return delayMs;
  }
}
