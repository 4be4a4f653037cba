/**
 * Values of attributes: texts, numbers, words, ids and file names.
 *
 * @module
 */

import * as v from "valibot";
import { didYouMean } from "./did-you-mean.ts";
import { listWords } from "./fault-sentence.ts";
import { mapOf } from "./item.ts";
import { withKeywords } from "./json-keywords.ts";

/** Anything, kept as it is. */
export const anything = v.unknown();

/** Any map. */
export const anyMap = mapOf(v.string(), v.unknown());

/** A text that is not empty. */
export const text = v.pipe(v.string(), v.minLength(1, "expected a text, found an empty one"));

/** An integer in a range. */
export function integer(lowest: number, highest: number) {
  const say = (issue: { received: string }) =>
    `expected an integer from ${lowest} to ${highest}, found ${issue.received}`;
  const schema = v.pipe(
    v.number(),
    v.check((n) => Number.isInteger(n) && n >= lowest && n <= highest, say),
  );
  return withKeywords(schema, { type: "integer", minimum: lowest, maximum: highest });
}

/** The most milliseconds that a timer takes. */
export const MOST_MS = 2_147_483_647;

/** Milliseconds: 0 (off), or at least a second. */
export const milliseconds = withKeywords(
  v.pipe(
    v.number(),
    v.check(
      (n) => Number.isInteger(n) && (n === 0 || (n >= 1000 && n <= MOST_MS)),
      (issue) => `expected 0, or 1000 to ${MOST_MS} milliseconds, found ${issue.received}`,
    ),
  ),
  { type: "integer", maximum: MOST_MS, anyOf: [{ const: 0 }, { minimum: 1000 }] },
);

/** One of these words. */
export function oneOf<const W extends readonly string[]>(known: W) {
  return v.picklist(known, (issue) => {
    if (issue.received === "undefined") return "required attribute is missing";
    const hint = typeof issue.input === "string" ? didYouMean(issue.input, known) : "";
    return `expected ${listWords(known)}, found ${issue.received}${hint}`;
  });
}

/** An id. */
export const id = v.pipe(
  v.string(),
  v.regex(
    /^[a-z][a-z0-9_]{2,63}$/,
    (issue) =>
      `expected an id of 3 to 64 characters out of a-z, 0-9 and _, found ${issue.received}`,
  ),
);

/** A file or folder name. */
export const fileName = withKeywords(
  v.pipe(
    text,
    v.check((name) => !name.includes("\0"), "a file name cannot contain a zero octet"),
  ),
  { pattern: "^[^\\u0000]*$" },
);

/** The URL of another server: without a user, because passwords would stand in logs. */
export const httpUrl = v.pipe(
  v.string(),
  v.regex(
    /^https?:\/\/[^\s/?#@]+([/?][^\s#]*)?$/,
    (issue) => `expected an http or https URL, found ${issue.received}`,
  ),
);

/** The name of an object of Python in its module: `package.module.Class`. */
export const dottedName = v.pipe(
  text,
  v.regex(
    /^(?=[^.\s]+\.)(?!\S*\.\.)\S*[^.\s]$/,
    (issue) => `expected module.name, found ${issue.received}`,
  ),
);
