/**
 * Values that Crossbar takes and the schemas do not. They are replaced before the check, each with a warning,
 * so that a node that runs on Crossbar starts.
 *
 * @module
 */

import * as v from "valibot";
import type { JsonPath } from "#config/text/config-issue.ts";
import type { Report } from "#config/text/report.ts";
import { isWithinAttribute } from "./attribute-path.ts";
import { explainType } from "./fault-sentence.ts";
import { issueSentence } from "./issue-sentence.ts";
import { actionsOf, type Schema, shapeOf, visitValue } from "./schema-shape.ts";

/**
 * A schema of an attribute that Crossbar does not check: a value that does not fit counts as absent. `isTaken`: Crossbar
 * refuses other values.
 */
export function unchecked<S extends Schema>(
  schema: S,
  isTaken: (value: unknown) => boolean = () => true,
): S {
  return v.pipe(schema, v.metadata({ isTaken })) as unknown as S;
}

/** What takes the place of a value; undefined: the attribute is removed. */
interface Replacement {
  path: JsonPath;
  value: unknown;
  sentence: string;
}

/** Replaces such values in a configuration, and warns of each. */
export function replaceTolerated(schema: Schema, config: unknown, report: Report): void {
  const found: Replacement[] = [];
  visitValue(schema, config, [], (below, written, path) => {
    const replacement = replacementFor(below, written, path);
    if (replacement !== null && path.length > 0) found.push(replacement);
  });
  for (const { path, value, sentence } of found) {
    replace(config, path, value);
    report.warn(path, sentence);
  }
}

function replacementFor(schema: Schema, written: unknown, path: JsonPath): Replacement | null {
  if (isTaken(schema, written)) {
    const issue = v.safeParse(schema, written, { message: explainType }).issues?.[0];
    if (issue !== undefined) {
      return { path, value: undefined, sentence: `ignored: ${issueSentence(issue, path)}` };
    }
  }
  if (typeof written !== "boolean" || !isNumber(schema)) return null;
  if (isWithinAttribute(path, "auth")) return null;
  const value = Number(written);
  return { path, value, sentence: `${written} counts as ${value}, as in Crossbar` };
}

/** Whether Crossbar takes a value, whatever the schema says. */
function isTaken(schema: Schema, value: unknown): boolean {
  return actionsOf(schema).some(({ metadata }) => {
    const isTaken = metadata?.["isTaken"] as ((value: unknown) => boolean) | undefined;
    return isTaken?.(value) === true;
  });
}

function isNumber(schema: Schema): boolean {
  const shape = shapeOf(schema);
  return shape.kind === "simple" && shape.type === "number";
}

function replace(config: unknown, path: JsonPath, value: unknown): void {
  const parent = path.slice(0, -1).reduce<unknown>((place, step) => Object(place)[step], config);
  const name = path.at(-1);
  if (typeof parent !== "object" || parent === null || name === undefined) return;
  if (value === undefined) Reflect.deleteProperty(parent, name);
  else Reflect.set(parent, name, value);
}
