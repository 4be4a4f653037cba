/**
 * The pages of a catalog: what is in its schemas, and each table, struct, enumeration and service.
 *
 * @module
 */

import type { Documented, SchemaEnum, SchemaObject, SchemaService } from "#base/binary-schema.ts";
import { htmlPage } from "#transport/http/html-page.ts";
import { styledPageHeaders } from "#transport/http/page-headers.ts";
import type { SchemaRepository } from "./schema-repository.ts";

const STYLE =
  "body{font:16px sans-serif;margin:2em}table{border-collapse:collapse;margin:1em 0}th,td{text-align:left;vertical-align:top;padding:.2em 1em .2em 0}.scrolled{overflow-x:auto}";

/** The headers of the pages. */
export const CATALOG_HEADERS = styledPageHeaders(STYLE);

/** Kinds of pages about one part of a schema, as their paths name them. */
export type PartKind = "table" | "struct" | "enum" | "service";

const escapeHtml = Bun.escapeHTML;

/** The page about everything; `base` is the path of the catalog without a slash at its end. */
export function homePage(
  { files, services, objects, enums }: SchemaRepository,
  base: string,
): string {
  const link = (kind: PartKind, { name }: Documented) =>
    `<a href="${escapeHtml(`${base}/${kind}?name=${encodeURIComponent(name)}`)}">${escapeHtml(name)}</a>`;
  const rows = <Part extends Documented>(parts: Iterable<Part>, kindOf: (part: Part) => PartKind) =>
    Array.from(parts, (part) => [link(kindOf(part), part), escapeHtml(part.docs)]);
  return page("WAMP API Catalog", [
    section(
      "Schemas",
      files.map(({ name, sources }) => [escapeHtml(name), escapeHtml(sources.join(", "))]),
    ),
    section(
      "Services",
      rows(services.values(), () => "service"),
    ),
    section(
      "Tables and Structs",
      rows(objects.values(), ({ isStruct }) => (isStruct ? "struct" : "table")),
    ),
    section(
      "Enumerations",
      rows(enums.values(), () => "enum"),
    ),
  ]);
}

/** The page about one part; null: there is none of this kind and name. */
export function partPage(
  repository: SchemaRepository,
  kind: PartKind,
  name: string,
): string | null {
  switch (kind) {
    case "table":
    case "struct": {
      const object = repository.objects.get(name);
      return object?.isStruct === (kind === "struct") ? objectPage(object, kind) : null;
    }
    case "enum": {
      const one = repository.enums.get(name);
      return one === undefined ? null : enumPage(one);
    }
    case "service": {
      const service = repository.services.get(name);
      return service === undefined ? null : servicePage(service);
    }
  }
}

function objectPage(object: SchemaObject, kind: "table" | "struct"): string {
  const { fields, minAlign, byteSize } = object;
  const facts: [string, string][] = [
    ["fields", String(fields.length)],
    ["min_align", String(minAlign)],
    ["bytesize", String(byteSize)],
  ];
  const heads = [
    "name",
    "type",
    "id",
    "offset",
    "default_int",
    "default_real",
    "deprecated",
    "required",
    "attrs",
    "docs",
  ];
  const rows = fields.map((field) => [
    field.name,
    field.type,
    String(field.id),
    String(field.offset),
    String(field.defaultInteger),
    String(field.defaultReal),
    String(field.isDeprecated),
    String(field.isRequired),
    attributesOf(field),
    field.docs,
  ]);
  const title = kind === "struct" ? "Struct" : "Table";
  return page(`${title} ${object.name}`, [
    summary(object, facts),
    section(
      "Fields",
      rows.map((row) => row.map(escapeHtml)),
      heads,
    ),
  ]);
}

function enumPage(one: SchemaEnum): string {
  const rows = one.values.map(({ name, value, docs }) =>
    [name, String(value), docs].map(escapeHtml),
  );
  const facts: [string, string][] = [["underlying_type", one.underlyingType]];
  return page(`${one.isUnion ? "Union" : "Enum"} ${one.name}`, [
    summary(one, facts),
    section("Values", rows, ["name", "value", "docs"]),
  ]);
}

function servicePage(service: SchemaService): string {
  const rows = service.calls.map((call) =>
    [call.name, call.request, call.response, attributesOf(call), call.docs].map(escapeHtml),
  );
  return page(`Service ${service.name}`, [
    summary(service, []),
    section("Calls", rows, ["name", "request", "response", "attrs", "docs"]),
  ]);
}

function attributesOf({ attributes }: Documented): string {
  return Array.from(attributes, ([name, value]) =>
    value === null ? name : `${name}: ${value}`,
  ).join(", ");
}

function summary(
  part: Documented & { declarationFile: string | null },
  facts: [string, string][],
): string {
  const rows: [string, string][] = [
    ["name", part.name],
    ["declaration_file", part.declarationFile ?? ""],
    ...facts,
    ["attrs", attributesOf(part)],
    ["docs", part.docs],
  ];
  return section(
    "Summary",
    rows.map((row) => row.map(escapeHtml)),
  );
}

function section(title: string, rows: string[][], heads: string[] = []): string {
  const row = (tag: "th" | "td", cells: string[]) =>
    `<tr>${cells.map((cell) => `<${tag}>${cell}</${tag}>`).join("")}</tr>`;
  const head = heads.length === 0 ? [] : [row("th", heads)];
  const body = [...head, ...rows.map((cells) => row("td", cells))];
  // A table that is wider than the window is scrolled, with the keyboard too.
  const scrolled = `class="scrolled" role="group" aria-label="${title}" tabindex="0"`;
  return `<h2>${title}</h2>\n<div ${scrolled}>\n<table>\n${body.join("\n")}\n</table>\n</div>`;
}

function page(title: string, sections: string[]): string {
  const escaped = escapeHtml(title);
  return htmlPage(escaped, escaped, sections.join("\n"), STYLE);
}
