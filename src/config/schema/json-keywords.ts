/**
 * Keywords of JSON Schema, from the checks of a schema or given beside them.
 *
 * @module
 */

import * as v from "valibot";
import { type Action, actionsOf, type Schema, shapeOf } from "./schema-shape.ts";

/** A JSON Schema, or a part of one. */
export type JsonSchema = Record<string, unknown>;

/** A schema with the same checks, and with these keywords in the JSON Schema. */
export function withKeywords<S extends Schema>(schema: S, keywords: JsonSchema): S {
  return v.pipe(schema, v.metadata({ keywords })) as unknown as S;
}

/** The keywords of all checks of a schema. */
export function keywordsOf(schema: Schema): JsonSchema {
  const isList = shapeOf(schema).kind === "list";
  return Object.assign({}, ...actionsOf(schema).map((action) => keywordsOfAction(action, isList)));
}

function keywordsOfAction({ type, requirement, metadata }: Action, isList: boolean): JsonSchema {
  switch (type) {
    case "metadata":
      return (metadata?.["keywords"] ?? {}) as JsonSchema;
    case "min_length":
      return { [isList ? "minItems" : "minLength"]: requirement };
    case "max_length":
      return { [isList ? "maxItems" : "maxLength"]: requirement };
    case "min_value":
      return { minimum: requirement };
    case "max_value":
      return { maximum: requirement };
    case "regex":
      return { pattern: patternOf(requirement as RegExp) };
    default:
      return {};
  }
}

/** Patterns of JSON Schema have no flags. */
function patternOf({ source, flags }: RegExp): string {
  if (flags !== "")
    throw new Error(`Cannot write the pattern "${source}": it has flags "${flags}"`);
  return source;
}
