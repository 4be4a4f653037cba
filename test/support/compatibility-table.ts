/** The rows of docs/compatibility.md. */

import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The folder of the document. */
export const DOCS = join(import.meta.dir, "../../docs");

/** A row of one of its tables. */
export interface CompatibilityRow {
  section: string;
  /** As written, one for each column. */
  cells: string[];
}

/** All rows, the heads of the tables left out. */
export function compatibilityRows(): CompatibilityRow[] {
  let section = "";
  let isHead = true;
  return readFileSync(join(DOCS, "compatibility.md"), "utf8")
    .split("\n")
    .flatMap((line) => {
      if (line.startsWith("## ")) section = line.slice(3);
      if (!line.startsWith("|")) isHead = true;
      else if (/^\|(-+\|)+$/.test(line)) isHead = false;
      else if (!isHead) return [{ section, cells: line.slice(2, -2).split(" | ") }];
      return [];
    });
}

/** What stands in backticks. */
export function quotedNames(text: string): string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, name]) => name ?? "");
}

/** Whether a row stands in the section "Authentication", or is about `auth` elsewhere. */
function isAboutAuth({ section, cells }: CompatibilityRow): boolean {
  return section === "Authentication" || cells[0]?.includes(".auth`") === true;
}

/** The names of all options with this status; rows about authmethods name tests of their own. */
export function namesWithStatus(status: string): string[] {
  return compatibilityRows()
    .filter((row) => row.cells[1]?.trim() === status && !isAboutAuth(row))
    .flatMap(({ cells }) => quotedNames(cells[0] ?? ""));
}
