/**
 * Distribution: how often values lie in which range, for a histogram.
 *
 * @module
 */

/** A distribution at one moment, without sums over ranges. */
export interface DistributionFigures {
  /** The upper bounds of all ranges but the last one, which has none. */
  bounds: readonly number[];
  /** The values in each range, since the process was started. */
  counts: number[];
  sum: number;
}

/** Counts values by the range that they lie in. */
export class Distribution {
  readonly #bounds: readonly number[];
  readonly #counts: Float64Array;
  #sum = 0;

  /** `bounds` rise. */
  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = new Float64Array(bounds.length + 1);
  }

  observe(value: number): void {
    const index = this.#bounds.findIndex((bound) => value <= bound);
    const range = index < 0 ? this.#bounds.length : index;
    this.#counts[range] = (this.#counts[range] ?? 0) + 1;
    this.#sum += value;
  }

  figures(): DistributionFigures {
    return { bounds: this.#bounds, counts: [...this.#counts], sum: this.#sum };
  }
}
