/**
 * The HTML page that lists a folder, for static services that enable it.
 *
 * @module
 */

import { readdirSync } from "node:fs";

/** More entries than this are counted, not listed. */
const mostEntries = 5_000;

/** False for dotfiles, and so for `..` too, and for the private key of a node. */
export function isShownName(name: string): boolean {
  // Some file systems take any case of it.
  return name !== "" && !name.startsWith(".") && name.toLowerCase() !== "key.priv";
}

/** Gives the page for a folder; names that are not shown are left out. */
export function listDirectory(folder: string): string {
  const entries = readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => isShownName(name))
    .map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name))
    .sort();
  const items = entries.slice(0, mostEntries).map(itemOf).join("\n");
  const more = entries.length - mostEntries;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Directory listing</title></head>
<body><h1>Directory listing</h1>
<ul>
${items}
</ul>${more > 0 ? `<p>${more} more.</p>` : ""}</body></html>
`;
}

function itemOf(name: string): string {
  // The leading dot keeps a name with a colon from being read as a scheme.
  const link = `./${name.split("/").map(encodeURIComponent).join("/")}`;
  return `<li><a href="${Bun.escapeHTML(link)}">${Bun.escapeHTML(name)}</a></li>`;
}
