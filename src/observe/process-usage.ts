/**
 * ProcessUsageMeter: what this process takes of its machine.
 *
 * @module
 */

import type { ProcessUsage } from "./statistics.ts";

/** Measures from one reading to the next. */
export class ProcessUsageMeter {
  readonly #startedAt = new Date(Date.now() - performance.now()).toISOString();
  #last = { at: 0, cpuMicroseconds: 0 };

  /** What was taken since the last call, or since the process was started. */
  read(): ProcessUsage {
    const at = performance.now();
    const { user, system } = process.cpuUsage();
    const cpuMicroseconds = user + system;
    const spent = (cpuMicroseconds - this.#last.cpuMicroseconds) / 1000;
    const cpuPercent = (100 * spent) / Math.max(1, at - this.#last.at);
    this.#last = { at, cpuMicroseconds };
    return {
      startedAt: this.#startedAt,
      uptimeSeconds: Math.floor(at / 1000),
      cpuSeconds: rounded(cpuMicroseconds / 1e6, 2),
      cpuPercent: rounded(cpuPercent, 1),
      residentOctets: process.memoryUsage.rss(),
    };
  }
}

/** A number with so many decimal places. */
export function rounded(value: number, places: number): number {
  return Number(value.toFixed(places));
}
