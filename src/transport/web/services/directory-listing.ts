/**
 * listDirectory: the HTML page that lists a folder, for static services that enable it.
 *
 * @module
 */

import { readdirSync } from "node:fs";
import { htmlPage } from "#transport/http/html-page.ts";
import { isShownName } from "./folder-files.ts";

/** Further entries are counted, not listed. */
const MAX_ENTRIES = 5_000;

/** Gives the page for a folder, with the names that are shown. */
export function listDirectory(folder: string): string {
  const entries = readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => isShownName(name))
    .map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name))
    .sort();
  const items = entries.slice(0, MAX_ENTRIES).map(itemOf).join("\n");
  const more = entries.length - MAX_ENTRIES;
  const list = items === "" ? "<p>This folder is empty.</p>" : `<ul>\n${items}\n</ul>`;
  const content = more > 0 ? `${list}\n<p>${more} more.</p>` : list;
  return htmlPage("Directory listing", "Directory listing", content);
}

function itemOf(name: string): string {
  // With the leading dot a colon in the name does not end a scheme.
  const link = `./${name.split("/").map(encodeURIComponent).join("/")}`;
  return `<li><a href="${Bun.escapeHTML(link)}">${Bun.escapeHTML(name)}</a></li>`;
}
