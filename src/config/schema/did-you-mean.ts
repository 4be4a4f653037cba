/**
 * The suggestion for a word of a configuration that is not known, such as a misspelt attribute.
 *
 * @module
 */

import { distance } from "fastest-levenshtein";

/**
 * `; did you mean "…"?` for the nearest of `known`, or nothing when none is near; `class` is near `classname`. The
 * WAMP specification writes some names with a prefix that they do not have here, such as `wamp-scram`.
 */
export function didYouMean(word: string, known: readonly string[]): string {
  const limit = Math.max(1, Math.floor(word.length / 2));
  const bare = word.replace(/^wamp[-_]/, "");
  const near = known
    .map((name) => ({ name, steps: Math.min(distance(word, name), distance(bare, name)) }))
    .filter(({ name, steps }) => steps <= limit || isShortFor(word, name))
    .sort((a, b) => a.steps - b.steps)[0];
  return near === undefined ? "" : `; did you mean "${near.name}"?`;
}

/** Shorter words begin too many names. */
const MIN_LETTERS = 4;

function isShortFor(word: string, name: string): boolean {
  return word.length >= MIN_LETTERS && name.startsWith(word);
}
