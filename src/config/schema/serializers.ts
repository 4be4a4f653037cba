/**
 * Serializers: one, or a list in which some that are not supported may stand beside others.
 *
 * @module
 */

import * as v from "valibot";
import {
  DEFAULT_SERIALIZERS,
  SERIALIZER_NAMES,
  type SerializerName,
} from "#wamp/serializer-name.ts";
import { defaulted } from "./attribute.ts";
import { listWords } from "./fault-sentence.ts";
import { unhonoured } from "./unhonoured.ts";
import { type WarnedValue, warnedValue } from "./warned-value.ts";

/** Serializers of Crossbar that this program does not have. */
const otherSerializers = ["ubjson", "flatbuffers"] as const;

/** One serializer. */
export const serializer = v.picklist(SERIALIZER_NAMES, ({ input, received }) => {
  if (received === "undefined") return "required attribute is missing";
  if (otherSerializers.some((name) => name === input)) {
    return `serializer ${received} is not supported`;
  }
  return `expected ${listWords(SERIALIZER_NAMES)}, found ${received}`;
});

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
