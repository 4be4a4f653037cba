/**
 * Items (objects with known attributes), items told apart by their attribute `type`, maps, and the
 * attributes themselves: required, optional or with a default.
 *
 * @module
 */

import * as v from "valibot";
import { didYouMean, listWords, nameFound } from "./fault-sentence.ts";
import { withKeywords } from "./json-keywords.ts";
import type { Schema } from "./schema-shape.ts";

/** Names that valibot drops from every map without a fault. */
const DROPPED_NAMES = ["__proto__", "prototype", "constructor"];

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

/** Schemas by the value of the attribute `type`. */
export type ByType<S extends Record<string, Schema>> = v.GenericSchema<
  unknown,
  v.InferOutput<S[keyof S]>
> & { readonly types: S; readonly unlisted: Record<string, Schema> };

/** Types beyond those with a schema. */
interface ByTypeOptions<S> {
  /** Known types that are not supported, each with its sentence. */
  refused?: Record<string, string>;
  /** The type of an item that names none. */
  typeIfAbsent?: keyof S & string;
  /** Types that are accepted, but never suggested. */
  unlisted?: Record<string, Schema>;
}

/** An item whose attribute `type` decides about its other attributes. */
export function byType<S extends Record<string, Schema>>(
  types: S,
  { refused = {}, typeIfAbsent, unlisted = {} }: ByTypeOptions<S> = {},
): ByType<S> {
  const known = Object.keys(types);
  const typeFault = (sentence: string) =>
    v.looseObject({ type: v.custom(() => false, sentence) }) as Schema;
  const choose = (input: unknown): Schema => {
    if (Array.isArray(input)) return v.custom(() => false, "expected object, found list");
    if (typeof input !== "object" || input === null) return v.looseObject({});
    const type: unknown = "type" in input ? input.type : typeIfAbsent;
    if (type === undefined) return v.looseObject({ type: v.string() });
    if (typeof type === "string" && Object.hasOwn(types, type)) return types[type] as Schema;
    if (typeof type === "string" && Object.hasOwn(unlisted, type)) return unlisted[type] as Schema;
    if (typeof type === "string" && Object.hasOwn(refused, type)) {
      return typeFault(refused[type] as string);
    }
    const hint = typeof type === "string" ? didYouMean(type, known) : "";
    return typeFault(`expected ${listWords(known)}, found ${nameFound(type)}${hint}`);
  };
  return Object.assign(v.lazy(choose), { types, unlisted, typeIfAbsent }) as unknown as ByType<S>;
}

/** The sentences of known types that are not supported. */
export function notSupported(
  kind: string,
  types: readonly string[],
  suffix = "",
): Record<string, string> {
  return Object.fromEntries(
    types.map((type) => [type, `${kind} "${type}" is not supported${suffix}`]),
  );
}

type Described<S extends Schema> = v.SchemaWithPipe<
  readonly [S, v.DescriptionAction<v.InferOutput<S>, string>]
>;

/** A required attribute, with its sentence for the reference. */
export function required<S extends Schema>(schema: S, text: string): Described<S> {
  return v.pipe(schema, v.description(text)) as unknown as Described<S>;
}

/** An attribute that may be absent; without a sentence it has that of `unhonoured`. */
export function optional<S extends Schema>(schema: S, text = "") {
  return v.optional(required(schema, text));
}

/** An attribute without effect, in Crossbar too. */
export function withoutEffect<S extends Schema>(schema: S) {
  return optional(schema, "Accepted, has no effect.");
}

/** An attribute that has a default. */
export function defaulted<S extends Schema, const D extends v.InferOutput<S>>(
  schema: S,
  value: D,
  text: string,
): v.GenericSchema<unknown, v.InferOutput<S>> {
  return v.optional(required(schema, text) as Schema, value) as unknown as v.GenericSchema<
    unknown,
    v.InferOutput<S>
  >;
}

/** An attribute of Crossbar that is a fault wherever it is written. */
export function refused(sentence: string) {
  const schema = v.custom<undefined>((value) => value === undefined, sentence);
  return v.optional(required(withKeywords(schema, { not: {} }), `Refused: ${sentence}.`));
}
