/**
 * Values that are honoured as they stand, and are likely mistakes.
 *
 * @module
 */

import * as v from "valibot";
import { actionsOf, type Schema } from "./schema-shape.ts";

/** Which values those are, and what follows from them. */
export interface WarnedValue {
  matches: (value: unknown) => boolean;
  sentence: string;
}

/** A schema with the same checks, of which such a value is warned of (`warnUnhonoured`). */
export function warnedValue<S extends Schema>(schema: S, warned: WarnedValue): S {
  return v.pipe(schema, v.metadata({ warned })) as unknown as S;
}

/** What is warned of in a schema, if anything is. */
export function warnedValueOf(schema: Schema): WarnedValue | undefined {
  return actionsOf(schema)
    .map(({ metadata }) => metadata?.["warned"] as WarnedValue | undefined)
    .find((warned) => warned !== undefined);
}
