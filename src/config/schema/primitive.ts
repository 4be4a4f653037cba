/**
 * The building blocks of the schemas: items with known attributes, items told apart by `type`, and
 * the words that many items share.
 *
 * @module
 */

import { distance } from "fastest-levenshtein";
import * as v from "valibot";
import { DEFAULT_SERIALIZERS, SERIALIZER_NAMES } from "#wamp/serializer-name.ts";

/** Any schema. */
export type Schema = v.GenericSchema<unknown, unknown>;

/** ` ; did you mean "…"?` for the nearest of `known`, or nothing when none is near. */
export function didYouMean(word: string, known: readonly string[]): string {
  const limit = Math.max(1, Math.floor(word.length / 2));
  const near = known
    .map((name) => ({ name, steps: distance(word, name) }))
    .filter(({ steps }) => steps <= limit)
    .sort((a, b) => a.steps - b.steps)[0];
  return near === undefined ? "" : `; did you mean "${near.name}"?`;
}

/** `"a", "b" or "c"`. */
export function listWords(known: readonly string[]): string {
  const quoted = known.map((word) => `"${word}"`);
  const last = quoted.pop() ?? "nothing";
  return quoted.length === 0 ? last : `${quoted.join(", ")} or ${last}`;
}

/** The sentence for a value of the wrong type; schemas that say more bring their own. */
export function explainType(issue: v.BaseIssue<unknown>): string {
  if (issue.received === "undefined") return "required attribute is missing";
  const expected = words[issue.expected ?? ""] ?? issue.expected ?? issue.message;
  return `expected ${expected}, found ${words[issue.received] ?? issue.received}`;
}

const words: Record<string, string> = { Object: "object", Array: "list" };

/** Names that valibot leaves out of every map without a word. */
const LEFT_OUT = ["__proto__", "prototype", "constructor"];

/** The schema of a map, which valibot would also let a list be, and not let have certain names. */
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
      for (const key of LEFT_OUT.filter((name) => Object.hasOwn(input, name))) {
        const message = `the attribute name "${key}" is not allowed`;
        const value: unknown = Reflect.get(input, key);
        const path = [{ type: "unknown", origin: "key", input, key, value }] as const;
        v._addIssue(this, "key", read as never, config, { message, path: path as never });
      }
      return read;
    },
  };
}

/** An item whose attributes are these and no others; every unknown one is a fault of its own. */
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

/** Schemas by the value of the attribute `type`. */
export type ByType<S extends Record<string, Schema>> = v.GenericSchema<
  unknown,
  v.InferOutput<S[keyof S]>
> & { readonly types: S };

/**
 * An item whose attribute `type` says what it is. `refused` are types that are known and not
 * supported, each with its sentence. `fallback` is the type of an item that names none. `unlisted`
 * are types that are taken, and that nobody is told of who writes something else.
 */
export function byType<S extends Record<string, Schema>>(
  types: S,
  refused: Record<string, string> = {},
  fallback?: keyof S & string,
  unlisted: Record<string, Schema> = {},
): ByType<S> {
  const known = Object.keys(types);
  const typeFault = (sentence: string) =>
    v.looseObject({ type: v.custom(() => false, sentence) }) as Schema;
  const choose = (input: unknown): Schema => {
    if (Array.isArray(input)) return v.custom(() => false, "expected object, found list");
    if (typeof input !== "object" || input === null) return v.looseObject({});
    const type: unknown = "type" in input ? input.type : fallback;
    if (type === undefined) return v.looseObject({ type: v.string() });
    if (typeof type === "string" && Object.hasOwn(types, type)) return types[type] as Schema;
    if (typeof type === "string" && Object.hasOwn(unlisted, type)) return unlisted[type] as Schema;
    if (typeof type === "string" && Object.hasOwn(refused, type)) {
      return typeFault(refused[type] as string);
    }
    const hint = typeof type === "string" ? didYouMean(type, known) : "";
    return typeFault(`expected ${listWords(known)}, found ${JSON.stringify(type)}${hint}`);
  };
  return Object.assign(v.lazy(choose), { types }) as unknown as ByType<S>;
}

/** The sentences of types that are known and not supported. */
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

/** An attribute that may be absent. */
export function optional<S extends Schema>(schema: S, text: string) {
  return v.optional(required(schema, text));
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

/** Anything, kept as it is. */
export const anything = v.unknown();

/** A map whose keys the operator chooses. */
export function mapOf<K extends v.GenericSchema<string, string>, S extends Schema>(
  key: K,
  value: S,
) {
  return strictMap(v.record(key, value));
}

/** Any map. */
export const anyMap = mapOf(v.string(), v.unknown());

/** A text that is not empty. */
export const text = v.pipe(v.string(), v.minLength(1, "expected a text, found an empty one"));

/** An integer in a range. */
export function integer(lowest: number, highest: number) {
  const say = (issue: { received: string }) =>
    `expected an integer from ${lowest} to ${highest}, found ${issue.received}`;
  return v.pipe(
    v.number(),
    v.check((n) => Number.isInteger(n) && n >= lowest && n <= highest, say),
  );
}

/** Milliseconds: 0 (off), or at least a second. */
export const milliseconds = v.pipe(
  v.number(),
  v.check(
    (n) => Number.isInteger(n) && (n === 0 || (n >= 1000 && n <= 2_147_483_647)),
    (issue) => `expected 0 or at least 1000 milliseconds, found ${issue.received}`,
  ),
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
export const fileName = v.pipe(
  text,
  v.check((name) => !name.includes("\0"), "a file name cannot contain a zero octet"),
);

/** One serializer. */
export const serializer = v.picklist(SERIALIZER_NAMES, (issue) => {
  if (issue.received === "undefined") return "required attribute is missing";
  if (issue.input === "ubjson" || issue.input === "flatbuffers") {
    return `serializer "${issue.input}" is not supported`;
  }
  return `expected ${listWords(SERIALIZER_NAMES)}, found ${issue.received}`;
});

const serializerList = v.pipe(
  v.array(serializer),
  v.minLength(1, "expected at least one serializer, found none"),
  v.check((names) => new Set(names).size === names.length, "a serializer is named more than once"),
);

/** A list of serializers; its default is every serializer. */
export function serializers(description: string) {
  return defaulted(serializerList, [...DEFAULT_SERIALIZERS], description);
}
