/**
 * UriPatternMap: values by pattern, looked up by a URI that the patterns match.
 *
 * Each value is in a numbered place, by which three tables refer to it: exact patterns by their text, prefixes by length
 * and hash ([prefix-map.ts](prefix-map.ts)), and wildcards in a tree ([wildcard-map.ts](wildcard-map.ts)). Beside the
 * value itself, that takes about 45 octets for a prefix or a wildcard.
 *
 * @module
 */

import { Places } from "./places.ts";
import { PrefixMap } from "./prefix-map.ts";
import type { MatchPolicy } from "./uri-match.ts";
import { WildcardMap } from "./wildcard-map.ts";

/** Places by patterns of one policy. */
interface PlaceTable {
  get(pattern: string): number | undefined;
  set(pattern: string, place: number): void;
  delete(pattern: string): void;
}

/** Values, each with its own pattern. */
export class UriPatternMap<T extends { readonly uri: string; readonly match: MatchPolicy }> {
  readonly #places = new Places<T>();
  readonly #exact = new Map<string, number>();
  readonly #prefix = new PrefixMap<T>(this.#places);
  readonly #wildcard = new WildcardMap<T>(this.#places);

  /** The place that the next value takes, counted from 1. */
  get nextPlace(): number {
    return this.#places.next;
  }

  /** The value in a place; undefined: there is none. */
  at(place: number): T | undefined {
    return this.#places.at(place);
  }

  /** The value of exactly this pattern. */
  get(pattern: string, match: MatchPolicy): T | undefined {
    return this.#places.at(this.#tableOf(match).get(pattern) ?? 0);
  }

  /** Adds a value in the next place; no value has its pattern. */
  add(value: T): void {
    const place = this.#places.add(value, value.uri);
    this.#tableOf(value.match).set(value.uri, place);
  }

  /** Removes a value that is in the map. */
  delete({ uri, match }: T): void {
    const table = this.#tableOf(match);
    const place = table.get(uri) ?? 0;
    table.delete(uri);
    this.#places.delete(place);
  }

  /** Octets of the tables for prefixes and wildcards. */
  get octets(): number {
    return this.#prefix.octets + this.#wildcard.octets;
  }

  /** All values, in no certain order. */
  values(): Iterable<T> {
    return this.#places;
  }

  /** The values of all patterns that match, best first: the exact one, then prefixes, then wildcards. */
  matches(uri: string): T[] {
    const exact = this.get(uri, "exact");
    const others = this.patterns(uri);
    return exact === undefined ? others : [exact, ...others];
  }

  /** The values of prefixes that match, the longest first, and then of wildcards. */
  patterns(uri: string): T[] {
    const prefixes = this.prefixes(uri);
    const wildcards = this.wildcards(uri);
    if (prefixes.length === 0) return wildcards;
    return wildcards.length === 0 ? prefixes : prefixes.concat(wildcards);
  }

  /** The values of prefixes that match, the longest first. */
  prefixes(uri: string): T[] {
    return this.#prefix.matches(uri);
  }

  /** The values of wildcards that match, those with earlier literal components first. */
  wildcards(uri: string): T[] {
    return this.#wildcard.matches(uri);
  }

  #tableOf(match: MatchPolicy): PlaceTable {
    switch (match) {
      case "exact":
        return this.#exact;
      case "prefix":
        return this.#prefix;
      case "wildcard":
        return this.#wildcard;
    }
  }
}
