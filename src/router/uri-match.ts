/**
 * URIs and URI patterns: whether they are well formed, and which patterns match a URI.
 *
 * @module
 */

import { isLooseUri } from "#wamp/loose-uri.ts";
import { WildcardMap } from "./wildcard-map.ts";

/** How a pattern is compared with a URI: the values of the option `match`. */
export type MatchPolicy = "exact" | "prefix" | "wildcard";

/** Of a prefix the last component may be empty, of a wildcard every one. */
const NOT_LOOSE_PREFIX = /[\s#]|\.\.|^\./;
const NOT_LOOSE_WILDCARD = /[\s#]/;

/** Whether a URI, or a pattern of this policy, is well formed by WAMP's loose rules. */
export function isLoosePattern(uri: string, match: MatchPolicy): boolean {
  switch (match) {
    case "exact":
      return isLooseUri(uri);
    case "prefix":
      return !NOT_LOOSE_PREFIX.test(uri);
    case "wildcard":
      return !NOT_LOOSE_WILDCARD.test(uri);
  }
}

/** Tells which URIs a pattern matches; each takes steps by its own length alone, however long the pattern is. */
export function matcherOf(pattern: string, match: MatchPolicy): (uri: string) => boolean {
  if (match === "exact") return (uri) => uri === pattern;
  if (match === "prefix") return (uri) => uri.startsWith(pattern);
  const wanted = pattern.split(".");
  return (uri) => hasComponents(uri, wanted);
}

/** Values by pattern, looked up by a URI that the patterns match. */
export class UriPatternMap<T> {
  readonly #exact = new Map<string, T>();
  /** By length, so that the cost of a lookup depends on the patterns, not on the length of the URI. */
  readonly #prefix = new Map<number, Map<string, T>>();
  /** The lengths in `#prefix`, longest first. */
  #prefixLengths: number[] = [];
  readonly #wildcard = new WildcardMap<T>();

  /** The value of exactly this pattern. */
  get(pattern: string, match: MatchPolicy): T | undefined {
    switch (match) {
      case "exact":
        return this.#exact.get(pattern);
      case "prefix":
        return this.#prefix.get(pattern.length)?.get(pattern);
      case "wildcard":
        return this.#wildcard.get(pattern);
    }
  }

  /** Sets the value of a pattern. */
  set(pattern: string, match: MatchPolicy, value: T): void {
    switch (match) {
      case "exact":
        this.#exact.set(pattern, value);
        return;
      case "prefix":
        setIn(this.#prefix, pattern.length, pattern, value);
        this.#sortPrefixes();
        return;
      case "wildcard":
        this.#wildcard.set(pattern, value);
    }
  }

  /** Removes a pattern. */
  delete(pattern: string, match: MatchPolicy): void {
    switch (match) {
      case "exact":
        this.#exact.delete(pattern);
        return;
      case "prefix":
        deleteIn(this.#prefix, pattern.length, pattern);
        this.#sortPrefixes();
        return;
      case "wildcard":
        this.#wildcard.delete(pattern);
    }
  }

  /**
   * The values of all patterns that match, best first: the exact one, then prefixes from the longest,
   * then wildcards, those with earlier literal components first. The map must not change during the
   * iteration.
   */
  *matches(uri: string): Generator<T, undefined> {
    const exact = this.#exact.get(uri);
    if (exact !== undefined) yield exact;
    for (const length of this.#prefixLengths) {
      if (length > uri.length) continue;
      const value = this.#prefix.get(length)?.get(uri.slice(0, length));
      if (value !== undefined) yield value;
    }
    yield* this.#wildcard.matches(uri);
  }

  #sortPrefixes(): void {
    if (this.#prefixLengths.length === this.#prefix.size) return;
    this.#prefixLengths = [...this.#prefix.keys()].sort((a, b) => b - a);
  }
}

function setIn<V>(groups: Map<number, Map<string, V>>, key: number, pattern: string, value: V) {
  const group = groups.get(key) ?? new Map<string, V>();
  group.set(pattern, value);
  groups.set(key, group);
}

function deleteIn<V>(groups: Map<number, Map<string, V>>, key: number, pattern: string): void {
  const group = groups.get(key);
  group?.delete(pattern);
  if (group?.size === 0) groups.delete(key);
}

/** Whether a URI has so many components, and these where they are not empty. */
function hasComponents(uri: string, wanted: readonly string[]): boolean {
  let start = 0;
  for (const [index, component] of wanted.entries()) {
    if (start > uri.length) return false;
    const dot = uri.indexOf(".", start);
    const end = dot < 0 ? uri.length : dot;
    const isSame = component.length === end - start && uri.startsWith(component, start);
    if (component !== "" && !isSame) return false;
    if (index === wanted.length - 1) return end === uri.length;
    start = end + 1;
  }
  return false;
}
