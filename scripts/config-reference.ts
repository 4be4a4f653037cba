/**
 * Writes docs/node-json.md: every attribute of node.json with its type, default and meaning, out
 * of the schemas that check it. With `--check` it only says whether the file is up to date.
 *
 * @module
 */

import { node } from "#config/node/node-schema.ts";
import { webService } from "#config/web-service/web-service-schema.ts";

/** What of a valibot schema is read here. */
interface AnySchema {
  type: string;
  kind: string;
  expects?: string;
  entries?: Record<string, AnySchema>;
  types?: Record<string, AnySchema>;
  wrapped?: AnySchema;
  item?: AnySchema;
  value?: AnySchema;
  options?: AnySchema[];
  getter?: (input: unknown) => AnySchema;
  default?: unknown;
  pipe?: { type: string; kind: string; description?: string }[];
}

const lines = [
  "# node.json",
  "",
  "For whoever writes a configuration: every attribute with its type, default and meaning.",
  "",
  "Written by `scripts/config-reference.ts` from the schemas. What is accepted and not honoured is",
  "said by a warning; see [compatibility.md](compatibility.md).",
];
const seen = new Set<AnySchema>();

function descriptionOf(schema: AnySchema): string {
  const own = schema.pipe?.findLast((action) => action.type === "description")?.description;
  return own ?? (schema.wrapped === undefined ? "" : descriptionOf(schema.wrapped));
}

/** The schema without the layers that say whether it may be absent. */
function core(schema: AnySchema): AnySchema {
  if (schema.wrapped !== undefined) return core(schema.wrapped);
  if (schema.type === "lazy" && schema.types === undefined && schema.entries === undefined) {
    // Only path services refer to themselves; they are described where they stand first.
    return { type: "Web service", kind: "schema" };
  }
  return schema;
}

function typeOf(schema: AnySchema): string {
  const inner = core(schema);
  if (inner.types !== undefined) return `item of type ${Object.keys(inner.types).join(", ")}`;
  if (inner.entries !== undefined) return "item";
  if (inner.type === "array" && inner.item !== undefined) return `list of ${typeOf(inner.item)}`;
  if (inner.type === "record" && inner.value !== undefined) return `map to ${typeOf(inner.value)}`;
  if (inner.type === "literal" || inner.type === "picklist") return inner.expects ?? inner.type;
  if (inner.type === "union" && inner.options) return inner.options.map(typeOf).join(" or ");
  return inner.type === "unknown" || inner.type === "custom" ? "any" : inner.type;
}

function defaultOf(schema: AnySchema): string {
  if (schema.type !== "optional") return "required";
  return schema.default === undefined ? "" : `\`${JSON.stringify(schema.default)}\``;
}

function describe(schema: AnySchema, path: string): void {
  const inner = core(schema);
  if (inner.item !== undefined) {
    describe(inner.item, `${path}[]`);
    return;
  }
  if (inner.type === "record" && inner.value !== undefined) {
    describe(inner.value, `${path}.*`);
    return;
  }
  if (inner.types !== undefined) {
    for (const [type, one] of Object.entries(inner.types)) describe(one, `${path} (${type})`);
    return;
  }
  if (inner.entries === undefined || seen.has(inner)) return;
  seen.add(inner);
  lines.push("", `## ${path}`, "", "| attribute | type | default | meaning |", "|---|---|---|---|");
  for (const [name, entry] of Object.entries(inner.entries)) {
    const cells = [`\`${name}\``, typeOf(entry), defaultOf(entry), descriptionOf(entry)];
    lines.push(`| ${cells.map((cell) => cell.replaceAll("|", "or")).join(" | ")} |`);
  }
  for (const [name, entry] of Object.entries(inner.entries)) describe(entry, `${path}.${name}`);
}

describe(node as unknown as AnySchema, "node");
describe(webService as unknown as AnySchema, "paths.*");
const file = Bun.file(new URL("../docs/node-json.md", import.meta.url));
const reference = `${lines.join("\n")}\n`;
if (!process.argv.includes("--check")) await file.write(reference);
else if ((await file.text()) !== reference) {
  console.error("docs/node-json.md is not what the schemas say: run npm run reference");
  process.exit(1);
}
