/**
 * Sections: every item of a configuration once, at one of the places where it may stand. The reference
 * has a section, and the JSON Schema a definition, for each.
 *
 * @module
 */

import { coreOf, type Schema, type Shape, shapeOf } from "./schema-shape.ts";

/** A schema and its path, such as `workers[]` or `paths.*`. */
export type PlacedSchema = [path: string, schema: Schema];

/** An item, or an item whose attribute `type` decides about its other attributes. */
export interface Section {
  path: string;
  schema: Schema;
  shape: Extract<Shape, { kind: "item" | "types" }>;
}

/**
 * All sections at and below these schemas. An item that may stand in several places has the path with the
 * fewest steps; the sections below an item follow it.
 */
export function sectionsOf(roots: readonly PlacedSchema[]): Section[] {
  const homes = homesOf(roots);
  const collect = ([path, schema]: PlacedSchema): Section[] => {
    const shape = shapeOf(schema);
    const below = branchesOf(shape, path);
    if (shape.kind !== "item" && shape.kind !== "types") return below.flatMap(collect);
    if (homes.get(coreOf(schema)) !== path) return [];
    return [{ path, schema: coreOf(schema), shape }, ...below.flatMap(collect)];
  };
  return roots.flatMap(collect);
}

/** The path of every section, by a breadth-first search. */
function homesOf(roots: readonly PlacedSchema[]): Map<Schema, string> {
  const homes = new Map<Schema, string>();
  const queue = [...roots];
  for (const [path, schema] of queue) {
    const shape = shapeOf(schema);
    if (shape.kind === "item" || shape.kind === "types") {
      if (homes.has(coreOf(schema))) continue;
      homes.set(coreOf(schema), path);
    }
    queue.push(...branchesOf(shape, path));
  }
  return homes;
}

function branchesOf(shape: Shape, path: string): PlacedSchema[] {
  switch (shape.kind) {
    case "list":
      return [[`${path}[]`, shape.element]];
    case "map":
      return [[`${path}.*`, shape.value]];
    case "union":
      return shape.options.map((option) => [path, option]);
    case "types":
      return Object.entries(shape.types).map(([type, one]) => [`${path} (${type})`, one]);
    case "item":
      return Object.entries(shape.entries).map(([name, entry]) => [`${path}.${name}`, entry]);
    default:
      return [];
  }
}
