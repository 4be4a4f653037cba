/**
 * Values of attributes: texts, numbers, ids, file names and serializers.
 *
 * @module
 */

import * as v from "valibot";
import {
  DEFAULT_SERIALIZERS,
  SERIALIZER_NAMES,
  type SerializerName,
} from "#wamp/serializer-name.ts";
import { didYouMean, listWords } from "./fault-sentence.ts";
import { defaulted, mapOf } from "./item.ts";
import { withKeywords } from "./json-keywords.ts";
import { unhonoured } from "./unhonoured.ts";
import { type WarnedValue, warnedValue } from "./warned-value.ts";

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

/** Milliseconds: 0 (off), or at least a second. */
export const milliseconds = withKeywords(
  v.pipe(
    v.number(),
    v.check(
      (n) => Number.isInteger(n) && (n === 0 || (n >= 1000 && n <= 2_147_483_647)),
      (issue) => `expected 0 or at least 1000 milliseconds, found ${issue.received}`,
    ),
  ),
  { type: "integer", maximum: 2_147_483_647, anyOf: [{ const: 0 }, { minimum: 1000 }] },
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

/** One serializer. */
export const serializer = v.picklist(SERIALIZER_NAMES, (issue) => {
  if (issue.received === "undefined") return "required attribute is missing";
  if (issue.input === "ubjson" || issue.input === "flatbuffers") {
    return `serializer "${issue.input}" is not supported`;
  }
  return `expected ${listWords(SERIALIZER_NAMES)}, found ${issue.received}`;
});

/** Serializers of Crossbar that this program does not have. */
const otherSerializers = ["ubjson", "flatbuffers"] as const;

/** A name in a list of serializers, where one that is not supported may stand beside others. */
const listedSerializer = unhonoured(
  v.picklist(
    [...SERIALIZER_NAMES, ...otherSerializers],
    ({ received }) => `expected ${listWords(SERIALIZER_NAMES)}, found ${received}`,
  ),
  {
    words: otherSerializers.map((name) => `\`${name}\``).join(", "),
    matches: (name) => otherSerializers.some((one) => one === name),
  },
  "clients that speak no other are refused",
);

/** The supported ones of a list; none of a value in which a fault has left no list. */
export function supportedSerializers(names: readonly string[]): SerializerName[] {
  if (!Array.isArray(names)) return [];
  return SERIALIZER_NAMES.filter((name) => names.includes(name)).toSorted(
    (a, b) => names.indexOf(a) - names.indexOf(b),
  );
}

const repeated: WarnedValue = {
  matches: (names) => Array.isArray(names) && new Set(names).size < names.length,
  sentence: "a serializer is named more than once",
};

const serializerList = v.pipe(
  v.array(listedSerializer),
  v.minLength(1, "expected at least one serializer, found none"),
);

const usableList = v.pipe(
  serializerList,
  v.check(
    (names) => names.length === 0 || supportedSerializers(names).length > 0,
    ({ input }) => `serializer ${listWords(input)} is not supported`,
  ),
);

/** Serializers to connect with, one of them supported; the default is every serializer. */
export function serializers(description: string) {
  const list = warnedValue(usableList, repeated);
  return defaulted(list, [...DEFAULT_SERIALIZERS], description);
}

/** Serializers that clients choose from; the default is every serializer. */
export function clientSerializers() {
  const list = warnedValue(serializerList, repeated);
  return defaulted(list, [...DEFAULT_SERIALIZERS], "Serializers for clients.");
}

/** The name of an object of Python in its module: `package.module.Class`. */
export const dottedName = v.pipe(
  text,
  v.regex(
    /^(?=[^.\s]+\.)(?!\S*\.\.)\S*[^.\s]$/,
    (issue) => `expected module.name, found ${issue.received}`,
  ),
);
