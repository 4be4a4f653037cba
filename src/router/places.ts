/**
 * Places: values in numbered places, so that tables of integers can refer to them.
 *
 * The text by which a value is found is beside it: to compare it takes no look at the value, which is somewhere else in
 * memory.
 *
 * @module
 */

/** Values by their places, which are counted from 1. A place that was left is taken again. */
export class Places<T extends object> {
  /** The value in a place is at twice its number, its text behind it. */
  #entries: (T | string | undefined)[] = [undefined, ""];
  #free: number[] = [];

  /** The place that the next value takes. */
  get next(): number {
    return this.#free.at(-1) ?? this.#entries.length / 2;
  }

  /** Puts a value into the next place, which is returned. */
  add(value: T, text: string): number {
    const place = this.next;
    this.#free.pop();
    this.#entries[2 * place] = value;
    this.#entries[2 * place + 1] = text;
    return place;
  }

  at(place: number): T | undefined {
    return this.#entries[2 * place] as T | undefined;
  }

  /** The text of the value in a place; without one it is empty. */
  textAt(place: number): string {
    return this.#entries[2 * place + 1] as string;
  }

  delete(place: number): void {
    this.#entries[2 * place] = undefined;
    this.#entries[2 * place + 1] = "";
    this.#free.push(place);
    if (2 * this.#free.length + 2 < this.#entries.length) return;
    this.#entries = [undefined, ""];
    this.#free = [];
  }

  /** The values in the order of their places. */
  *[Symbol.iterator](): Generator<T, undefined> {
    for (let index = 2; index < this.#entries.length; index += 2) {
      const value = this.#entries[index] as T | undefined;
      if (value !== undefined) yield value;
    }
  }
}
