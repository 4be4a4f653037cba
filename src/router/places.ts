/**
 * Places: values in numbered places, so that tables of integers can refer to them.
 *
 * @module
 */

/** Values by their places, which are counted from 1. A place that was left is taken again. */
export class Places<T> {
  #values: (T | undefined)[] = [undefined];
  #free: number[] = [];

  /** The place that the next value takes. */
  get next(): number {
    return this.#free.at(-1) ?? this.#values.length;
  }

  /** Puts a value into the next place, which is returned. */
  add(value: T): number {
    const place = this.#free.pop() ?? this.#values.length;
    this.#values[place] = value;
    return place;
  }

  at(place: number): T | undefined {
    return this.#values[place];
  }

  delete(place: number): void {
    this.#values[place] = undefined;
    this.#free.push(place);
    if (this.#free.length + 1 < this.#values.length) return;
    this.#values = [undefined];
    this.#free = [];
  }

  /** The values in the order of their places. */
  *[Symbol.iterator](): Generator<T, undefined> {
    for (const value of this.#values) if (value !== undefined) yield value;
  }
}
