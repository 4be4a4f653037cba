/**
 * PrefixMap: values by patterns that a URI may begin with, character by character.
 *
 * Patterns are looked up by their length and hash. The hash of a URI is computed once from its first to its last
 * character, and is that of a beginning at each: a look-up takes one step for each character, and one for each length
 * that a pattern has, however many patterns there are.
 *
 * @module
 */

import { NONE, PairTable } from "./pair-table.ts";
import type { Places } from "./places.ts";
import { EMPTY_HASH, hashWith } from "./text-hash.ts";

/** The places of values by prefix. */
export class PrefixMap<T extends object> {
  readonly #places: Places<T>;
  /** Places by length and hash of the pattern. */
  readonly #table = new PairTable();
  /** How many patterns have each length. */
  readonly #counts = new Map<number, number>();
  /** The lengths in ascending order. */
  readonly #lengths: number[] = [];

  constructor(places: Places<T>) {
    this.#places = places;
  }

  /** Octets of the table. */
  get octets(): number {
    return this.#table.octets;
  }

  /** The place of a pattern. */
  get(pattern: string): number | undefined {
    return this.#find(pattern, pattern.length, hashOf(pattern));
  }

  /** Adds the place of a pattern that has none. */
  set(pattern: string, place: number): void {
    const { length } = pattern;
    this.#table.add(length, hashOf(pattern), place);
    const count = this.#counts.get(length) ?? 0;
    this.#counts.set(length, count + 1);
    if (count === 0) this.#lengths.splice(this.#indexOf(length), 0, length);
  }

  delete(pattern: string): void {
    const place = this.get(pattern);
    if (place === undefined) return;
    const { length } = pattern;
    this.#table.delete(length, hashOf(pattern), place);
    const count = this.#counts.get(length) ?? 0;
    if (count > 1) this.#counts.set(length, count - 1);
    else {
      this.#counts.delete(length);
      this.#lengths.splice(this.#indexOf(length), 1);
    }
  }

  /** The values of all patterns with which a URI begins, the longest first. */
  matches(uri: string): T[] {
    const found: T[] = [];
    let hash = EMPTY_HASH;
    let hashed = 0;
    for (const length of this.#lengths) {
      if (length > uri.length) break;
      for (; hashed < length; hashed++) hash = hashWith(hash, uri.charCodeAt(hashed));
      const place = this.#find(uri, length, hash);
      if (place !== undefined) found.push(this.#places.at(place) as T);
    }
    return found.reverse();
  }

  /** The place of the pattern that is the beginning of a URI with this length and hash. */
  #find(uri: string, length: number, hash: number): number | undefined {
    const table = this.#table;
    for (
      let cell = table.first(length, hash);
      cell !== NONE;
      cell = table.next(cell, length, hash)
    ) {
      const place = table.at(cell);
      if (uri.startsWith(this.#places.textAt(place))) return place;
    }
    return undefined;
  }

  /** The index of a length, or that at which it is missing. */
  #indexOf(length: number): number {
    const index = this.#lengths.findIndex((one) => one >= length);
    return index < 0 ? this.#lengths.length : index;
  }
}

function hashOf(text: string): number {
  let hash = EMPTY_HASH;
  for (let index = 0; index < text.length; index++) hash = hashWith(hash, text.charCodeAt(index));
  return hash;
}
