/**
 * The JSON Schema (draft 2020-12) of a configuration, with which editors complete and check it. It accepts
 * every file that the schemas accept; only the program checks rules across attributes, files and variables.
 *
 * @module
 */

import { type JsonSchema, keywordsOf } from "./json-keywords.ts";
import { type PlacedSchema, sectionsOf } from "./schema-sections.ts";
import {
  absenceOf,
  coreOf,
  descriptionOf,
  isNullable,
  type Schema,
  type Shape,
  shapeOf,
} from "./schema-shape.ts";
import { unhonouredOf, unhonouredSentence } from "./unhonoured.ts";

/** The JSON Schema of a configuration, whose root is the first of the schemas. */
export function jsonSchemaOf(roots: readonly PlacedSchema[], title: string): JsonSchema {
  const sections = sectionsOf(roots);
  const names = new Map(sections.map(({ path, schema }) => [schema, definitionName(path)]));
  const writer = new JsonSchemaWriter(names);
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title,
    $ref: `#/$defs/${definitionName(roots[0]?.[0] ?? "")}`,
    $defs: Object.fromEntries(
      sections.map(({ path, shape }) => [definitionName(path), writer.ofShape(shape)]),
    ),
  };
}

/** `transports[] (web).options` as `transports.web.options`. */
function definitionName(path: string): string {
  return path.replace(/\[\]|\.\*/g, "").replace(/ \(([^)]+)\)/g, ".$1");
}

/** What an editor says of an attribute that is ignored. */
const UNKNOWN: JsonSchema = { description: "Unknown attribute; ignored.", deprecated: true };

/** Writes schemas; a section is written as a reference to its definition. */
class JsonSchemaWriter {
  readonly #names: ReadonlyMap<Schema, string>;

  constructor(names: ReadonlyMap<Schema, string>) {
    this.#names = names;
  }

  ofSchema(schema: Schema): JsonSchema {
    const name = this.#names.get(coreOf(schema));
    const core = name === undefined ? this.ofShape(shapeOf(schema)) : { $ref: `#/$defs/${name}` };
    const inner = { ...core, ...keywordsOf(schema) };
    const all = isNullable(schema) ? { anyOf: [inner, { type: "null" }] } : inner;
    return { ...all, ...annotationsOf(schema) };
  }

  ofShape(shape: Shape): JsonSchema {
    switch (shape.kind) {
      case "item":
        return this.#ofItem(shape);
      case "types": {
        const types = Object.values({ ...shape.types, ...shape.unlisted });
        return { anyOf: types.map((type) => this.ofSchema(type)) };
      }
      case "map": {
        const keys = keywordsOf(shape.key);
        const names = Object.keys(keys).length > 0 && { propertyNames: keys };
        return { type: "object", ...names, additionalProperties: this.ofSchema(shape.value) };
      }
      case "list":
        return { type: "array", items: this.ofSchema(shape.element) };
      case "union":
        return { anyOf: shape.options.map((option) => this.ofSchema(option)) };
      case "words":
        return shape.words.length === 1 ? { const: shape.words[0] } : { enum: shape.words };
      case "simple":
        return shape.type === "any" ? {} : { type: shape.type };
    }
  }

  #ofItem({ entries, rest, isLenient }: Extract<Shape, { kind: "item" }>): JsonSchema {
    const all = Object.entries(entries);
    const required = all.filter(([, entry]) => !absenceOf(entry).isOptional).map(([name]) => name);
    return {
      type: "object",
      properties: Object.fromEntries(all.map(([name, entry]) => [name, this.ofSchema(entry)])),
      ...(required.length > 0 && { required }),
      additionalProperties: rest === null ? isLenient && UNKNOWN : this.ofSchema(rest),
    };
  }
}

/** Keywords that inform, and do not decide whether a value is accepted. */
function annotationsOf(schema: Schema): JsonSchema {
  const description = [descriptionOf(schema), unhonouredSentence(schema)].filter(Boolean).join(" ");
  const { default: value } = absenceOf(schema);
  return {
    ...(description !== "" && { description }),
    ...(value !== undefined && { default: value }),
    ...(unhonouredOf(schema)?.words === null && { deprecated: true }),
  };
}
