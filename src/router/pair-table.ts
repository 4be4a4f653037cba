/**
 * PairTable: integers by pairs of integers, in one typed array. A `Map` takes four times as many octets for each, and
 * could not have several values of one pair.
 *
 *     cell i    table[3i], table[3i + 1]: the pair    table[3i + 2]: the value; 0: the cell is empty
 *
 * There is a power of two of cells. A value is in the first cell, from the one that its pair hashes to, that was empty
 * (open addressing, linear probing). No cell between the two is ever empty: to remove a value moves others back.
 *
 * Most look-ups find nothing. For each cell there is an octet, of which each value whose pair hashes to the cell has one
 * bit set, by three other bits of the hash: a bit that is not set answers without a look at the cells, which are more than
 * the processor's caches hold. Bits of removed values stay set until the table is made anew.
 *
 * @module
 */

import { scramble } from "./text-hash.ts";

const WIDTH = 3;

/** Cells of an empty table. */
const MIN_CELLS = 8;

/** Shares of the cells that are in use when there are to be more, or less. */
const MAX_LOAD = 0.7;
const MIN_LOAD = 0.15;

/** The bit of a hash in the octet of its cell. */
const bitOf = (hash: number) => 1 << (hash >>> 29);

/** No cell. */
export const NONE = -1;

/** Values other than 0 by pairs of 32-bit integers. */
export class PairTable {
  #table = new Int32Array(MIN_CELLS * WIDTH);
  /** The last cell; its bits are those of a hash that tell the cell. */
  #last = MIN_CELLS - 1;
  #bits = new Uint8Array(MIN_CELLS);
  #size = 0;
  /** How many values were removed since the table was made. */
  #removed = 0;

  /** How many values there are. */
  get size(): number {
    return this.#size;
  }

  /** Whether a pair may have values; most pairs without any are told so. */
  mayHave(a: number, b: number): boolean {
    const hash = scramble(a, b);
    return ((this.#bits[hash & this.#last] as number) & bitOf(hash)) !== 0;
  }

  /** Octets of memory. */
  get octets(): number {
    return this.#table.byteLength + this.#bits.byteLength;
  }

  /** Adds a value to those of a pair. */
  add(a: number, b: number, value: number): void {
    const cells = this.#last + 1;
    if (this.#size + 1 > cells * MAX_LOAD) this.#resize(cells * 2);
    this.#put(a, b, value);
    this.#size += 1;
  }

  /** The first cell with a value of a pair, or NONE. */
  first(a: number, b: number): number {
    return this.mayHave(a, b) ? this.#from(scramble(a, b) & this.#last, a, b) : NONE;
  }

  /** The next cell with a value of this pair, or NONE. */
  next(cell: number, a: number, b: number): number {
    return this.#from((cell + 1) & this.#last, a, b);
  }

  /** The value in a cell. */
  at(cell: number): number {
    return this.#table[cell * WIDTH + 2] as number;
  }

  /** Removes a value that a pair has. */
  delete(a: number, b: number, value: number): void {
    let cell = this.first(a, b);
    while (cell !== NONE && this.at(cell) !== value) cell = this.next(cell, a, b);
    if (cell === NONE) return;
    this.#vacate(cell);
    this.#size -= 1;
    this.#removed += 1;
    const cells = this.#last + 1;
    if (cells > MIN_CELLS && this.#size < cells * MIN_LOAD) this.#resize(cells / 2);
    else if (this.#removed > cells) this.#resize(cells);
  }

  #from(start: number, a: number, b: number): number {
    const table = this.#table;
    const last = this.#last;
    for (let cell = start; ; cell = (cell + 1) & last) {
      const place = cell * WIDTH;
      if (table[place + 2] === 0) return NONE;
      if (table[place] === a && table[place + 1] === b) return cell;
    }
  }

  #put(a: number, b: number, value: number): void {
    const table = this.#table;
    const hash = scramble(a, b);
    const last = this.#last;
    let cell = hash & last;
    this.#bits[cell] = (this.#bits[cell] as number) | bitOf(hash);
    while (table[cell * WIDTH + 2] !== 0) cell = (cell + 1) & last;
    const place = cell * WIDTH;
    table[place] = a;
    table[place + 1] = b;
    table[place + 2] = value;
  }

  /** Empties a cell, and moves values behind it that would not be found any more. */
  #vacate(emptied: number): void {
    const table = this.#table;
    const last = this.#last;
    let hole = emptied;
    for (let cell = (hole + 1) & last; ; cell = (cell + 1) & last) {
      const place = cell * WIDTH;
      if (table[place + 2] === 0) break;
      const wanted = scramble(table[place] as number, table[place + 1] as number) & last;
      // Distances go on and over the end.
      if (((cell - wanted) & last) < ((cell - hole) & last)) continue;
      table.copyWithin(hole * WIDTH, place, place + WIDTH);
      hole = cell;
    }
    table.fill(0, hole * WIDTH, (hole + 1) * WIDTH);
  }

  #resize(cells: number): void {
    const before = this.#table;
    this.#table = new Int32Array(cells * WIDTH);
    this.#last = cells - 1;
    this.#bits = new Uint8Array(cells);
    this.#removed = 0;
    for (let place = 0; place < before.length; place += WIDTH) {
      const value = before[place + 2] as number;
      if (value !== 0) this.#put(before[place] as number, before[place + 1] as number, value);
    }
  }
}
