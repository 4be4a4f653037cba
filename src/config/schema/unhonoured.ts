/**
 * Attributes of Crossbar that are accepted and not honoured, with every value or with some. The schema is
 * the one place that says so; warnings, reference, docs/compatibility.md and JSON Schema are made from it.
 * Where more than the value decides, such as the type of the worker, the normalizer warns.
 *
 * @module
 */

import * as v from "valibot";
import { isRecord } from "#base/record.ts";
import type { JsonPath } from "#config/text/config-issue.ts";
import type { Report } from "#config/text/report.ts";
import { optional, required } from "./attribute.ts";
import { didYouMean } from "./did-you-mean.ts";
import { openItem } from "./item.ts";
import {
  type Action,
  actionsOf,
  type Schema,
  type Shape,
  shapeOf,
  visitValue,
} from "./schema-shape.ts";
import { warnedValueOf } from "./warned-value.ts";

/** The values of an attribute that are not honoured. */
export interface When {
  /** What the documents call those values; null: all of them. */
  words: string | null;
  matches: (value: unknown) => boolean;
}

/** Why an attribute is not honoured, and with which values. */
export interface Unhonoured extends When {
  /** What happens instead, such as `no event is kept`. */
  consequence: string;
}

/** Every value. */
export const always: When = { words: null, matches: () => true };

/** One value. */
export function only(value: string | number | boolean): When {
  return { words: `\`${value}\``, matches: (written) => written === value };
}

/** Every value but one. */
export function allBut(value: number | null): When {
  return { words: `anything but \`${value}\``, matches: (written) => written !== value };
}

/** Every number below a limit. */
export function lessThan(limit: number): When {
  return {
    words: `less than \`${limit}\``,
    matches: (written) => typeof written === "number" && written < limit,
  };
}

/** A schema with the same checks, of which such a value is warned of. */
export function unhonoured<S extends Schema>(schema: S, when: When, consequence: string): S {
  const metadata: { unhonoured: Unhonoured } = { unhonoured: { ...when, consequence } };
  return v.pipe(schema, v.metadata(metadata)) as unknown as S;
}

/** An attribute for a part of Crossbar that this program does not have. */
export function meaningless<S extends Schema>(schema: S) {
  return optional(unhonoured(schema, always, "it has no meaning for this program"));
}

/** An item of a type that this program does not have; of its attributes nothing else is checked. */
export function itemNotOffered(type: string, consequence: string, text: string) {
  const schema = unhonoured(v.literal(type), always, consequence);
  return openItem({ type: required(schema, text) }, v.unknown());
}

/** What is not honoured of a schema, if anything is. */
export function unhonouredOf(schema: Schema): Unhonoured | undefined {
  return actionsOf(schema)
    .map(metadataOf)
    .find((found) => found !== undefined);
}

function metadataOf({ metadata }: Action): Unhonoured | undefined {
  return metadata?.["unhonoured"] as Unhonoured | undefined;
}

/** The sentence for the documents; empty for a schema that is honoured with every value. */
export function unhonouredSentence(schema: Schema): string {
  const shape = shapeOf(schema);
  const found =
    unhonouredOf(schema) ?? (shape.kind === "map" ? unhonouredOf(shape.value) : undefined);
  if (found === undefined) return "";
  const { words, consequence } = found;
  return words === null
    ? `Accepted, not honoured: ${consequence}.`
    : `Accepted; ${words} is not honoured: ${consequence}.`;
}

/** Warns of every part of a value that is not honoured, and of unknown attributes that are no faults. */
export function warnUnhonoured(
  schema: Schema,
  value: unknown,
  path: JsonPath,
  report: Report,
): void {
  visitValue(schema, value, path, (below, written, at) => {
    warnUnknown(shapeOf(below), written, at, report);
    const warned = warnedValueOf(below);
    if (warned?.matches(written)) report.warn(at, warned.sentence);
    const found = unhonouredOf(below);
    if (!found?.matches(written) || report.isMalformed(at)) return;
    report.warn(at, `not honoured: ${found.consequence}`);
  });
}

function warnUnknown(shape: Shape, value: unknown, path: JsonPath, report: Report): void {
  if (shape.kind !== "item" || !shape.isLenient || !isRecord(value)) return;
  const known = Object.keys(shape.entries);
  for (const name of Object.keys(value).filter((one) => !known.includes(one))) {
    report.warn([...path, name], `unknown attribute, which is ignored${didYouMean(name, known)}`);
  }
}
