/**
 * URIs and URI patterns: whether they are well formed, and whether a pattern matches a URI.
 *
 * @module
 */

import { isLooseUri } from "#wamp/loose-uri.ts";

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

/** What separates components, as a UTF-16 unit. */
export const DOT = 46;

/** Whether a URI matches a pattern; that takes steps by the length of the URI, however long the pattern is. */
export function isMatch(pattern: string, match: MatchPolicy, uri: string): boolean {
  switch (match) {
    case "exact":
      return uri === pattern;
    case "prefix":
      return uri.startsWith(pattern);
    case "wildcard":
      return isWildcardMatch(pattern, uri);
  }
}

/** Whether a URI has as many components as a wildcard pattern, and these where they are not empty. */
export function isWildcardMatch(pattern: string, uri: string): boolean {
  let at = 0;
  let start = 0;
  for (;;) {
    const end = componentEnd(uri, start);
    if (!isComponentEnd(pattern, at)) {
      const after = at + end - start;
      if (after > pattern.length || !isComponentEnd(pattern, after)) return false;
      for (; at < after; at++, start++) {
        if (pattern.charCodeAt(at) !== uri.charCodeAt(start)) return false;
      }
    }
    if (at === pattern.length || end === uri.length) {
      return at === pattern.length && end === uri.length;
    }
    at += 1;
    start = end + 1;
  }
}

/** Whether a component ends at an index of a text. */
export function isComponentEnd(text: string, index: number): boolean {
  return index === text.length || text.charCodeAt(index) === DOT;
}

function componentEnd(text: string, start: number): number {
  let end = start;
  while (end < text.length && text.charCodeAt(end) !== DOT) end += 1;
  return end;
}
