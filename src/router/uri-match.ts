/**
 * URIs and patterns of URIs: which are well formed, and which patterns a URI matches.
 *
 * @module
 */

/** How a pattern is compared with a URI, in the words of the WAMP option `match`. */
export type MatchPolicy = "exact" | "prefix" | "wildcard";

const LOOSE_URI = /^[^\s.#]+(\.[^\s.#]+)*$/;
const LOOSE_PREFIX = /^([^\s.#]+\.)*[^\s.#]*$/;
const LOOSE_WILDCARD = /^[^\s.#]*(\.[^\s.#]*)*$/;

/** Whether a URI, or a pattern of this policy, is well formed by WAMP's loose rules. */
export function isLooseUri(uri: string, match: MatchPolicy = "exact"): boolean {
  switch (match) {
    case "exact":
      return LOOSE_URI.test(uri);
    case "prefix":
      return LOOSE_PREFIX.test(uri);
    case "wildcard":
      return LOOSE_WILDCARD.test(uri);
  }
}

interface Wildcard<T> {
  components: string[];
  value: T;
}

/** Values by pattern, found again by the URIs that the patterns match. */
export class UriPatternMap<T> {
  readonly #exact = new Map<string, T>();
  readonly #prefix = new Map<string, T>();
  /** By number of components, since a wildcard matches only URIs with as many. */
  readonly #wildcard = new Map<number, Map<string, Wildcard<T>>>();

  /** The value of this very pattern. */
  get(pattern: string, match: MatchPolicy): T | undefined {
    switch (match) {
      case "exact":
        return this.#exact.get(pattern);
      case "prefix":
        return this.#prefix.get(pattern);
      case "wildcard":
        return this.#wildcard.get(componentCount(pattern))?.get(pattern)?.value;
    }
  }

  /** Keeps a value under a pattern, in place of one that was there. */
  set(pattern: string, match: MatchPolicy, value: T): void {
    switch (match) {
      case "exact":
        this.#exact.set(pattern, value);
        return;
      case "prefix":
        this.#prefix.set(pattern, value);
        return;
      case "wildcard": {
        const components = pattern.split(".");
        const ofCount = this.#wildcard.get(components.length) ?? new Map<string, Wildcard<T>>();
        ofCount.set(pattern, { components, value });
        this.#wildcard.set(components.length, ofCount);
      }
    }
  }

  /** Forgets a pattern. */
  delete(pattern: string, match: MatchPolicy): void {
    switch (match) {
      case "exact":
        this.#exact.delete(pattern);
        return;
      case "prefix":
        this.#prefix.delete(pattern);
        return;
      case "wildcard": {
        const count = componentCount(pattern);
        const ofCount = this.#wildcard.get(count);
        ofCount?.delete(pattern);
        if (ofCount?.size === 0) this.#wildcard.delete(count);
      }
    }
  }

  /**
   * The values of every pattern that matches, best first: the exact one, then prefixes from the
   * longest, then wildcards from the one that names the earlier components.
   */
  matches(uri: string): T[] {
    const found: T[] = [];
    const exact = this.#exact.get(uri);
    if (exact !== undefined) found.push(exact);
    if (this.#prefix.size > 0) {
      for (let length = uri.length; length >= 0; length -= 1) {
        const value = this.#prefix.get(uri.slice(0, length));
        if (value !== undefined) found.push(value);
      }
    }
    if (this.#wildcard.size > 0) {
      const components = uri.split(".");
      const candidates = this.#wildcard.get(components.length)?.values() ?? [];
      const wildcards = [...candidates].filter((one) => fits(one.components, components));
      wildcards.sort((a, b) => compareWildcards(a.components, b.components));
      for (const one of wildcards) found.push(one.value);
    }
    return found;
  }
}

function componentCount(pattern: string): number {
  return pattern.split(".").length;
}

function fits(pattern: readonly string[], components: readonly string[]): boolean {
  return pattern.every((component, i) => component === "" || component === components[i]);
}

/** Negative when `a` is the more specific: it names the first component where they differ. */
function compareWildcards(a: readonly string[], b: readonly string[]): number {
  for (let i = 0; i < a.length; i += 1) {
    if (a[i] !== "" && b[i] === "") return -1;
    if (a[i] === "" && b[i] !== "") return 1;
  }
  return 0;
}
