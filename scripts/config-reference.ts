/**
 * Writes what the documents say of node.json, out of the schemas that check it: docs/node-json.md,
 * docs/node-json.schema.json and a table of docs/compatibility.md. With `--check` it only reports which
 * of them are not up to date.
 *
 * @module
 */

import { nodeJsonSchema } from "#config/node/node-json-schema.ts";
import { nodeSections } from "#config/node/node-sections.ts";
import { keywordsOf } from "#config/schema/json-keywords.ts";
import { type Section, sectionsOf } from "#config/schema/schema-sections.ts";
import { absenceOf, descriptionOf, type Schema, shapeOf } from "#config/schema/schema-shape.ts";
import { unhonouredSentence } from "#config/schema/unhonoured.ts";
import { unhonouredAttributes } from "./unhonoured-attributes.ts";

const docs = new URL("../docs/", import.meta.url);
const isCheck = process.argv.includes("--check");
const documents: [name: string, make: (present: string) => string][] = [
  ["node-json.md", referenceText],
  ["node-json.schema.json", schemaText],
  ["compatibility.md", withUnhonouredTable],
];

for (const [name, make] of documents) {
  const file = Bun.file(new URL(name, docs));
  const present = (await file.exists()) ? await file.text() : "";
  const made = make(present);
  if (made === present) continue;
  if (isCheck) {
    console.error(`docs/${name} is not what the schemas say: run npm run reference`);
    process.exitCode = 1;
  } else await file.write(made);
}

function referenceText(): string {
  const lines = [
    "# node.json",
    "",
    "For operators who write a configuration: every attribute with its type, default and meaning.",
    "",
    "Written by `scripts/config-reference.ts` from the schemas. An item that may stand in several places",
    "is described once: `transports[].endpoint` is any listening endpoint, `auth` that of any transport or",
    "path. Attributes that are accepted and not honoured are also listed in",
    "[compatibility.md](compatibility.md#accepted-without-effect).",
    "",
    "Editors complete and check a configuration with [node-json.schema.json](node-json.schema.json), the same as",
    "a JSON Schema: `$schema` may name it.",
    ...sectionsOf(nodeSections).flatMap(tableOf),
  ];
  return `${lines.join("\n")}\n`;
}

function tableOf({ path, shape }: Section): string[] {
  if (shape.kind !== "item") return [];
  const rows = Object.entries(shape.entries).map(([name, entry]) => {
    const meaning = [descriptionOf(entry), unhonouredSentence(entry)].filter(Boolean).join(" ");
    return rowOf(`\`${name}\``, typeOf(entry), defaultOf(entry), meaning);
  });
  const others = shape.rest ? [rowOf("all others", "any", "", unhonouredSentence(shape.rest))] : [];
  const head = ["| attribute | type | default | meaning |", "|---|---|---|---|"];
  const note = shape.isLenient ? ["", "Unknown attributes are ignored, with a warning."] : [];
  return ["", `## ${path}`, ...note, "", ...head, ...rows, ...others];
}

function rowOf(...cells: string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll("|", "or")).join(" | ")} |`;
}

function typeOf(schema: Schema): string {
  const shape = shapeOf(schema);
  switch (shape.kind) {
    case "item":
      return "item";
    case "types":
      return `item of type ${Object.keys(shape.types).join(", ")}`;
    case "list":
      return `list of ${typeOf(shape.element)}`;
    case "map":
      return `map to ${typeOf(shape.value)}`;
    case "words":
      return shape.words.map((word) => JSON.stringify(word)).join(" or ");
    case "union":
      return shape.options.map(typeOf).join(" or ");
    case "simple":
      return [keywordsOf(schema)["type"] ?? shape.type].flat().join(" or ");
  }
}

function defaultOf(schema: Schema): string {
  const { isOptional, default: value } = absenceOf(schema);
  if (!isOptional) return "required";
  return value === undefined ? "" : `\`${JSON.stringify(value)}\``;
}

function schemaText(): string {
  return `${JSON.stringify(nodeJsonSchema(), null, 2)}\n`;
}

/** The document with the table between its markers written anew. */
function withUnhonouredTable(present: string): string {
  const rows = unhonouredAttributes().map(({ paths, names, words, consequence }) => {
    const quote = (all: string[]) => all.map((one) => `\`${one}\``).join(", ");
    const option = `${quote(paths.map((path) => path.replace(/^node\./, "")))}: ${quote(names)}`;
    const note = words === null ? consequence : `${words}: ${consequence}`;
    return `| ${option} | warned | ${note} | [warned](../test/unit/config/warned.test.ts) |`;
  });
  const table = ["| option | | note | test |", "|---|---|---|---|", ...rows].join("\n");
  const [start, end] = ["<!-- npm run reference -->", "<!-- end -->"];
  const [before, rest = ""] = present.split(`${start}\n`);
  return `${before}${start}\n\n${table}\n\n${end}${rest.split(end)[1] ?? ""}`;
}
