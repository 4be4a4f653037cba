/**
 * Attributes of items, each with its sentence for the reference: required, optional, with a default, refused.
 *
 * @module
 */

import * as v from "valibot";
import { withKeywords } from "./json-keywords.ts";
import type { Schema } from "./schema-shape.ts";

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

/** An item that sets no attribute, with its defaults. */
export function defaultsOf<S extends Schema>(schema: S): v.InferOutput<S> {
  return v.parse(schema, {});
}

/** An attribute of Crossbar that is a fault wherever it is written. */
export function refused(sentence: string) {
  const schema = v.custom<undefined>((value) => value === undefined, sentence);
  return v.optional(required(withKeywords(schema, { not: {} }), `Refused: ${sentence}.`));
}
