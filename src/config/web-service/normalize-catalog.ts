/**
 * Normalizes paths of type `catalog`.
 *
 * @module
 */

import { readdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { isFolder } from "#base/folder-state.ts";
import type { JsonPath } from "#config/text/config-issue.ts";
import type { Report } from "#config/text/report.ts";
import type { CatalogServiceConfig, UnavailableServiceConfig } from "./web-service-config.ts";

/** The normalized service; without schemas it is a fault. */
export function normalizeCatalog(
  { filename }: { filename: string },
  path: JsonPath,
  report: Report,
): CatalogServiceConfig | UnavailableServiceConfig {
  const at = [...path, "filename"];
  const files = filesOf(resolve(report.folder, filename)) ?? filesOfList(filename, report.folder);
  if (files === null) {
    report.fault(at, `Cannot show "${filename}": no such file or folder`);
    return { type: "unavailable" };
  }
  for (const file of files) report.need(at, { kind: "schema", file });
  return { type: "catalog", files };
}

/** Null: there is neither a file nor a folder of this name. */
function filesOf(place: string): string[] | null {
  if (isFolder(place)) {
    const names = readdirSync(place, { recursive: true, encoding: "utf8" });
    return names
      .filter((name) => name.endsWith(".bfbs"))
      .toSorted()
      .map((name) => join(place, name));
  }
  return isFile(place) ? [place] : null;
}

/** As in Crossbar, names of files may have commas between them. */
function filesOfList(filename: string, folder: string): string[] | null {
  const files = filename.split(",").map((name) => resolve(folder, name));
  return files.length > 1 && files.every(isFile) ? files : null;
}

function isFile(place: string): boolean {
  return statSync(place, { throwIfNoEntry: false })?.isFile() === true;
}
