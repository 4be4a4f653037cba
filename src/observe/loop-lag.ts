/**
 * LoopLag: how late the timers of this process are, because other work kept its event loop busy.
 *
 * @module
 */

import { Distribution } from "./distribution.ts";

/** So often a timer measures. */
const INTERVAL_MS = 1_000;

/** Measures from its making to the end of the process. */
export class LoopLag {
  /** Seconds. */
  readonly lag = new Distribution([0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]);
  #dueAt = performance.now() + INTERVAL_MS;

  constructor() {
    this.#wait();
  }

  #wait(): void {
    setTimeout(() => {
      const now = performance.now();
      this.lag.observe(Math.max(0, now - this.#dueAt) / 1000);
      this.#dueAt = now + INTERVAL_MS;
      this.#wait();
    }, INTERVAL_MS).unref();
  }
}
