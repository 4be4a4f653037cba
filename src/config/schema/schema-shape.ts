/**
 * The shape of a valibot schema, one of the few kinds that this program uses. Warnings, reference and JSON
 * Schema read shapes, so that no other module depends on how valibot stores a schema.
 *
 * @module
 */

import type * as v from "valibot";
import type { JsonPath } from "#config/text/config-issue.ts";

/** Any schema. */
export type Schema = v.GenericSchema<unknown, unknown>;

/** The kinds of schemas. */
export type Shape =
  | {
      kind: "item";
      entries: Record<string, Schema>;
      /** The schema of all other attributes; null: there are no others. */
      rest: Schema | null;
      /** Whether unknown attributes are ignored, with a warning; otherwise they are faults. */
      isLenient: boolean;
    }
  | {
      kind: "types";
      types: Record<string, Schema>;
      unlisted: Record<string, Schema>;
      typeIfAbsent?: string;
    }
  | { kind: "map"; key: Schema; value: Schema }
  | { kind: "list"; element: Schema }
  | { kind: "union"; options: readonly Schema[] }
  | { kind: "words"; words: readonly (string | number)[] }
  | { kind: "simple"; type: "string" | "number" | "boolean" | "any" };

/** An action of a pipe, such as a check or a description. */
export interface Action {
  kind: "validation" | "metadata" | "transformation";
  type: string;
  requirement?: unknown;
  description?: string;
  metadata?: Record<string, unknown>;
}

/** The properties of valibot schemas that are read. */
interface ValibotSchema {
  kind: "schema";
  type: string;
  pipe?: readonly (ValibotSchema | Action)[];
  wrapped?: ValibotSchema;
  default?: unknown;
  getter?: (input: unknown) => ValibotSchema;
  entries?: Record<string, Schema>;
  rest?: Schema;
  isLenient?: boolean;
  types?: Record<string, Schema>;
  unlisted?: Record<string, Schema>;
  typeIfAbsent?: string;
  key?: Schema;
  value?: Schema;
  item?: Schema;
  options?: readonly unknown[];
  literal?: string | number;
}

/** The shape of a schema, whether it may be absent or null or neither. */
export function shapeOf(schema: Schema): Shape {
  const { type, ...inner } = coreOf(schema) as unknown as ValibotSchema;
  if (inner.types && inner.unlisted) {
    const { types, unlisted, typeIfAbsent } = inner;
    return { kind: "types", types, unlisted, ...(typeIfAbsent && { typeIfAbsent }) };
  }
  if (inner.entries) {
    const { entries, rest = null, isLenient = false } = inner;
    return { kind: "item", entries, rest, isLenient };
  }
  if (inner.key && inner.value) return { kind: "map", key: inner.key, value: inner.value };
  if (inner.item) return { kind: "list", element: inner.item };
  if (inner.literal !== undefined) return { kind: "words", words: [inner.literal] };
  if (inner.options && type === "picklist") {
    return { kind: "words", words: inner.options as readonly (string | number)[] };
  }
  if (inner.options) return { kind: "union", options: inner.options as readonly Schema[] };
  const isNamed = type === "string" || type === "number" || type === "boolean";
  return { kind: "simple", type: isNamed ? type : "any" };
}

/** The schema without the layers for absence, null, self-reference and descriptions: one object per item. */
export function coreOf(schema: Schema): Schema {
  const { type, wrapped, getter, types, options } = schema as unknown as ValibotSchema;
  if (wrapped) return coreOf(wrapped as unknown as Schema);
  const isReference = type === "lazy" && getter && !types && !options;
  if (isReference) return coreOf(getter(undefined) as unknown as Schema);
  return firstOf(schema);
}

/** The first schema of a pipe. Valibot copies it for every pipe; the original is the same in all. */
function firstOf(schema: Schema): Schema {
  const first = (schema as unknown as ValibotSchema).pipe?.[0];
  return first?.kind === "schema" ? coreOf(first as unknown as Schema) : schema;
}

/** Whether null is a value of a schema. */
export function isNullable(schema: Schema): boolean {
  const { type, wrapped, pipe } = schema as unknown as ValibotSchema;
  const inner = wrapped ?? pipe?.[0];
  return (
    type === "nullable" || (inner?.kind === "schema" && isNullable(inner as unknown as Schema))
  );
}

/** Whether an attribute may be absent, and what it is then. */
export function absenceOf(schema: Schema): { isOptional: boolean; default?: unknown } {
  const { type, default: value } = schema as unknown as ValibotSchema;
  if (type !== "optional") return { isOptional: false };
  return { isOptional: true, ...(value !== undefined && { default: value }) };
}

/** The actions of all pipes of a schema, the innermost first. */
export function actionsOf(schema: Schema): Action[] {
  const { wrapped, pipe } = schema as unknown as ValibotSchema;
  if (pipe === undefined) return wrapped ? actionsOf(wrapped as unknown as Schema) : [];
  return pipe.flatMap((step) =>
    step.kind === "schema" ? actionsOf(step as unknown as Schema) : [step],
  );
}

/** The sentence of an attribute; empty where it has none. */
export function descriptionOf(schema: Schema): string {
  return actionsOf(schema).findLast(({ type }) => type === "description")?.description ?? "";
}

/** Walks a value along its schema, and calls `enter` for each part that has a schema. */
export function visitValue(
  schema: Schema,
  value: unknown,
  path: JsonPath,
  enter: (schema: Schema, value: unknown, path: JsonPath) => void,
): void {
  enter(schema, value, path);
  for (const [below, inner, ...steps] of partsOf(shapeOf(schema), value)) {
    visitValue(below, inner, [...path, ...steps], enter);
  }
}

/** The parts of a value with their schemas and steps; an item with a `type` is its own part. */
function partsOf(shape: Shape, value: unknown): [Schema, unknown, ...JsonPath][] {
  if (Array.isArray(value)) {
    if (shape.kind !== "list") return [];
    return value.map((one: unknown, index) => [shape.element, one, index]);
  }
  if (typeof value !== "object" || value === null) return [];
  switch (shape.kind) {
    case "item":
      return Object.entries(value).flatMap(([name, one]): [Schema, unknown, string][] => {
        const schema = Object.hasOwn(shape.entries, name) ? shape.entries[name] : shape.rest;
        return schema ? [[schema, one, name]] : [];
      });
    case "map":
      return Object.entries(value).map(([name, one]) => [shape.value, one, name]);
    case "types": {
      const type: unknown = "type" in value ? value.type : shape.typeIfAbsent;
      const all = { ...shape.unlisted, ...shape.types };
      const isKnown = typeof type === "string" && Object.hasOwn(all, type);
      return isKnown ? [[all[type] as Schema, value]] : [];
    }
    case "union":
      return shape.options.map((option) => [option, value]);
    default:
      return [];
  }
}
