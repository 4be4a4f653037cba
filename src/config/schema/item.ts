/**
 * Items (objects with known attributes) and maps.
 *
 * @module
 */

import * as v from "valibot";
import { didYouMean } from "./did-you-mean.ts";
import type { Schema } from "./schema-shape.ts";

/** Names that valibot drops from every map without a fault; `__proto__` is refused by the parsers. */
const DROPPED_NAMES = ["prototype", "constructor"];

/** A schema for maps alone: valibot also accepts lists, and drops some names. */
function strictMap<S extends Schema>(schema: S): S {
  return {
    ...schema,
    get "~standard"() {
      return schema["~standard"];
    },
    "~run"(dataset, config) {
      const input = dataset.value;
      if (Array.isArray(input)) {
        const message = "expected object, found list";
        v._addIssue(this, "type", dataset as never, config, { message });
        return dataset as never;
      }
      const read = schema["~run"](dataset, config);
      if (typeof input !== "object" || input === null) return read;
      for (const key of DROPPED_NAMES.filter((name) => Object.hasOwn(input, name))) {
        const message = `the attribute name "${key}" is not allowed`;
        const value: unknown = Reflect.get(input, key);
        const path = [{ type: "unknown", origin: "key", input, key, value }] as const;
        v._addIssue(this, "key", read as never, config, { message, path: path as never });
      }
      return read;
    },
  };
}

/** An item whose attributes are these and no others; every unknown attribute is a fault of its own. */
export function item<const E extends v.ObjectEntries>(entries: E) {
  const known = Object.keys(entries);
  return v.pipe(
    strictMap(v.looseObject(entries)),
    v.rawCheck(({ dataset, addIssue }) => {
      const input = dataset.value as Record<string, unknown> | null;
      if (typeof input !== "object" || input === null || Array.isArray(input)) return;
      for (const key of Object.keys(input).filter((name) => !known.includes(name))) {
        addIssue({
          message: `unknown attribute "${key}"${didYouMean(key, known)}`,
          expected: "never",
          path: [{ type: "object", origin: "key", input, key, value: input[key] }],
        });
      }
    }),
  );
}

/**
 * An item with these attributes, of which Crossbar accepts any other attribute: it is warned of
 * (`warnUnhonoured`) and ignored.
 */
export function lenientItem<const E extends v.ObjectEntries>(entries: E) {
  return Object.assign(strictMap(v.looseObject(entries)), { isLenient: true });
}

/** An item with these attributes, of which every other attribute has the schema `rest`. */
export function openItem<const E extends v.ObjectEntries, const R extends Schema>(
  entries: E,
  rest: R,
) {
  return strictMap(v.objectWithRest(entries, rest));
}

/** A map, whose keys the operator chooses. */
export function mapOf<K extends v.GenericSchema<string, string>, S extends Schema>(
  key: K,
  value: S,
) {
  return strictMap(v.record(key, value));
}

/** An item, or a value of a simple type in its place. */
export function itemOr<S extends Schema, I extends Schema>(
  simpleType: "string" | "boolean",
  simple: S,
  full: I,
): v.GenericSchema<unknown, v.InferOutput<S> | v.InferOutput<I>> {
  const choose = (input: unknown): Schema => (typeof input === simpleType ? simple : full);
  const schema = Object.assign(v.lazy(choose), { options: [simple, full] });
  return schema as unknown as v.GenericSchema<unknown, v.InferOutput<S> | v.InferOutput<I>>;
}
