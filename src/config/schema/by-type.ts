/**
 * Items that are told apart by their attribute `type`.
 *
 * @module
 */

import * as v from "valibot";
import { didYouMean } from "./did-you-mean.ts";
import { listWords, nameFound } from "./fault-sentence.ts";
import type { Schema } from "./schema-shape.ts";

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
