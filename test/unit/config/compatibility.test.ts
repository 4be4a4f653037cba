/** docs/compatibility.md: whole, and every row of it held by a test. */

import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { nodeSections } from "#config/node/node-sections.ts";
import { sectionsOf } from "#config/schema/schema-sections.ts";
import { compatibilityRows, DOCS, quotedNames } from "../../support/compatibility-table.ts";

test("every attribute of the schemas has a row", () => {
  const told = new Set(
    compatibilityRows().flatMap(({ cells }) =>
      quotedNames(cells.slice(0, 3).join(" ")).flatMap((name) => [name, ...name.split(".")]),
    ),
  );
  // Families of options, as the rows write them.
  const isTold = (name: string) =>
    told.has(name) ||
    [...told].some((one) => /._\*$/.test(one) && name.startsWith(one.slice(0, -1)));
  const names = sectionsOf(nodeSections).flatMap(({ shape }) =>
    Object.keys(shape.kind === "item" ? shape.entries : shape.unlisted),
  );
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

test("the rows of what is warned of are those that are made from the schemas", () => {
  const document = readFileSync(join(DOCS, "compatibility.md"), "utf8");
  const [written = ""] = document.split("<!-- npm run reference -->");
  expect(written).not.toContain("| warned |");
  const made = compatibilityRows().filter(({ cells }) => cells[1] === "warned");
  expect(made.length).toBeGreaterThan(30);
});
