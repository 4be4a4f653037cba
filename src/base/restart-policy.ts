/**
 * How long to wait before a process, or a component, that died is started again.
 *
 * @module
 */

const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 10_000;
/** What ran for this long is stable: the delay starts at its lowest again. */
const STABLE_AFTER_MS = 10_000;

/** The delays of one process; each restart doubles them. */
export class RestartPolicy {
  #delayMs = FIRST_DELAY_MS;

  /** The delay before a restart, given how long the process ran. */
  nextDelayMs(aliveMs: number): number {
    if (aliveMs >= STABLE_AFTER_MS) this.#delayMs = FIRST_DELAY_MS;
    const delayMs = this.#delayMs;
    this.#delayMs = Math.min(delayMs * 2, LONGEST_DELAY_MS);
    return delayMs;
  }
}
