/**
 * How long to wait before a process, or a component, that died is started again.
 *
 *     ends in a row   1    2       3       4       ...   9 and more
 *     wait            0    100 ms  200 ms  400 ms        10 s, each up to a quarter shorter, at random
 *
 * @module
 */

const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 10_000;

/** So much of a delay is left to chance, so that what died together is not started together for ever. */
const JITTER = 0.25;

/** What ran for this long is stable: its next end is the first one in a row. */
export const STABLE_AFTER_MS = 10_000;

/** What has ended so often in a row keeps ending, rather than has had bad luck. */
const ENDS_OF_CRASH_LOOP = 5;

/** The delays of one process. */
export class RestartPolicy {
  readonly #random: () => number;
  #ends = 0;

  /** `random` gives numbers from 0 to 1. */
  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  /** How often it has ended without having been stable in between. */
  get ends(): number {
    return this.#ends;
  }

  /** Whether it has ended too often in a row. */
  get isCrashLoop(): boolean {
    return this.#ends >= ENDS_OF_CRASH_LOOP;
  }

  /** Whether this end of a crash loop is to be reported: the first one, and then each time that their number has doubled. */
  get isReported(): boolean {
    return Number.isInteger(Math.log2(this.#ends / ENDS_OF_CRASH_LOOP));
  }

  /** The delay before a restart, given how long the process ran. */
  nextDelayMs(aliveMs: number): number {
    this.#ends = aliveMs >= STABLE_AFTER_MS ? 1 : this.#ends + 1;
    if (this.#ends === 1) return 0;
    const delayMs = Math.min(FIRST_DELAY_MS * 2 ** (this.#ends - 2), LONGEST_DELAY_MS);
    return Math.round(delayMs * (1 - JITTER * this.#random()));
  }
}
