/** docs/compatibility.md: whole, and every row of it held by a test. */

import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { node } from "#config/node/node-schema.ts";
import { webServiceTypes } from "#config/web-service/web-service-schema.ts";
import { compatibilityRows, DOCS, quotedNames } from "../../support/compatibility-table.ts";

/** What of a valibot schema is read here. */
interface AnySchema {
  entries?: Record<string, AnySchema>;
  types?: Record<string, AnySchema>;
  wrapped?: AnySchema;
  item?: AnySchema;
  value?: AnySchema;
}

/** The names of all attributes below a schema. */
function attributesOf(schema: AnySchema, names = new Set<string>(), seen = new Set<AnySchema>()) {
  if (seen.has(schema)) return names;
  seen.add(schema);
  const { entries = {}, types = {}, wrapped, item, value } = schema;
  for (const name of Object.keys(entries)) names.add(name);
  const below = [...Object.values(entries), ...Object.values(types), wrapped, item, value];
  for (const one of below) if (one instanceof Object) attributesOf(one, names, seen);
  return names;
}

test("every attribute of the schemas has a row", () => {
  const told = new Set(
    compatibilityRows().flatMap(({ cells }) =>
      quotedNames(cells.slice(0, 3).join(" ")).flatMap((name) => name.split(".")),
    ),
  );
  // Families of options, as the rows write them.
  const isTold = (name: string) =>
    told.has(name) ||
    [...told].some((one) => /._\*$/.test(one) && name.startsWith(one.slice(0, -1)));
  const paths = { types: webServiceTypes } as unknown as AnySchema;
  const names = [...attributesOf(node as unknown as AnySchema), ...attributesOf(paths)];
  expect(names.length).toBeGreaterThan(150);
  expect(names.filter((name) => !isTold(name))).toEqual([]);
});

test("every row names the tests that hold what it says", () => {
  const rows = compatibilityRows();
  expect(rows.length).toBeGreaterThan(80);
  const faults = rows.flatMap(({ cells }) => {
    const row = cells[0] ?? "";
    const links = [...(cells.at(-1) ?? "").matchAll(/\[[^\]]+\]\(([^ )]+)(?: "([^"]+)")?\)/g)];
    if (links.length === 0) return [`${row}: no test`];
    return links.flatMap(([, target = "", title]) => {
      const file = join(DOCS, target);
      if (!existsSync(file)) return [`${row}: there is no ${target}`];
      if (title === undefined || readFileSync(file, "utf8").includes(title)) return [];
      return [`${row}: no test "${title}" in ${target}`];
    });
  });
  expect(faults).toEqual([]);
});
