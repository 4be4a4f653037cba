/**
 * Everything of node.json that is accepted and not honoured, for the documents and their tests.
 *
 * @module
 */

import { nodeSections } from "#config/node/node-sections.ts";
import { type Section, sectionsOf } from "#config/schema/schema-sections.ts";
import { type Schema, shapeOf } from "#config/schema/schema-shape.ts";
import { type Unhonoured, unhonouredOf } from "#config/schema/unhonoured.ts";

/** Attributes (`*`: all others), or values of an attribute `type`, that are not honoured. */
export interface UnhonouredAttributes extends Unhonoured {
  paths: string[];
  names: string[];
}

/** All of them, those with the same consequence together. */
export function unhonouredAttributes(): UnhonouredAttributes[] {
  const found = sectionsOf(nodeSections).flatMap(unhonouredIn);
  return joinBy("names", joinBy("paths", found));
}

function unhonouredIn({ path, shape }: Section): UnhonouredAttributes[] {
  const isItem = shape.kind === "item";
  const place = isItem ? path : `${path}.type`;
  const schemas = isItem
    ? { ...shape.entries, ...(shape.rest && { "*": shape.rest }) }
    : shape.unlisted;
  return Object.entries(schemas).flatMap(([name, schema]) => {
    const unhonoured = unhonouredInside(schema);
    return unhonoured ? [{ ...unhonoured, paths: [place], names: [name] }] : [];
  });
}

/** Of the attribute itself, of all values of a map, or of the type of an item. */
function unhonouredInside(schema: Schema): Unhonoured | undefined {
  const shape = shapeOf(schema);
  if (shape.kind === "map") return unhonouredOf(schema) ?? unhonouredOf(shape.value);
  const type = shape.kind === "item" ? shape.entries["type"] : undefined;
  return unhonouredOf(schema) ?? (type && unhonouredOf(type));
}

/** Entries that are the same but for their names, or their paths, as one entry. */
function joinBy(
  same: "paths" | "names",
  all: readonly UnhonouredAttributes[],
): UnhonouredAttributes[] {
  const keyOf = (one: UnhonouredAttributes) =>
    JSON.stringify([one[same], one.words, one.consequence]);
  return [...Map.groupBy(all, keyOf).values()].map((group) => ({
    ...(group[0] as UnhonouredAttributes),
    paths: [...new Set(group.flatMap(({ paths }) => paths))],
    names: [...new Set(group.flatMap(({ names }) => names))],
  }));
}
