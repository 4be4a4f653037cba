/**
 * FolderListings: the HTML pages that list folders, for static services that enable it.
 *
 * A folder is read beside the event loop, and its page is kept while nothing in the folder is added, removed or
 * renamed: a folder with a million files is not read again for each request.
 *
 * @module
 */

import { lstatSync, type Stats } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { htmlPage } from "#transport/http/html-page.ts";
import type { HttpAnswer } from "#transport/http/http-answer.ts";
import { PAGE_HEADERS } from "#transport/http/page-headers.ts";
import { isSameFile, isShownName, type Located } from "./shown-files.ts";

/** Further entries are counted, not listed. */
const MAX_ENTRIES = 5_000;

/** The entries of a larger folder are listed as the system gives them: to sort them all would hold up the worker. */
const MAX_SORTED = 50_000;

const EMPTY = "<p>This folder is empty.</p>";

/** Pages that are kept, each of at most some megabytes. */
const MAX_PAGES = 4;

/** The pages for the folders of one service; the one found first is forgotten first. */
export class FolderListings {
  readonly #pages = new Map<string, { stats: Stats; page: Promise<Uint8Array> }>();

  /** The answer with the page for a folder. */
  async answerFor(folder: Located, headers: Readonly<Record<string, string>>): Promise<HttpAnswer> {
    const body = await this.pageFor(folder);
    return { status: 200, headers: { ...PAGE_HEADERS, ...headers }, body };
  }

  /** The page for a folder. */
  pageFor({ file, stats, isSettled }: Located): Promise<Uint8Array> {
    const known = this.#pages.get(file);
    if (known !== undefined && isSameFile(known.stats, stats)) return known.page;
    const page = listFolder(file);
    this.#pages.delete(file);
    if (isSettled) this.#keep(file, stats, page);
    return page;
  }

  #keep(file: string, stats: Stats, page: Promise<Uint8Array>): void {
    const kept = { stats, page };
    this.#pages.set(file, kept);
    page.catch(() => {
      if (this.#pages.get(file) === kept) this.#pages.delete(file);
    });
    const [oldest] = this.#pages.keys();
    if (this.#pages.size > MAX_PAGES && oldest !== undefined) this.#pages.delete(oldest);
  }
}

async function listFolder(folder: string): Promise<Uint8Array> {
  const names = (await readdir(folder)).filter(isShownName);
  if (names.length <= MAX_SORTED) names.sort();
  const items = names.slice(0, MAX_ENTRIES).map((name) => itemOf(folder, name));
  const more = names.length - MAX_ENTRIES;
  const list = items.length === 0 ? EMPTY : `<ul>\n${items.join("\n")}\n</ul>`;
  const content = more > 0 ? `${list}\n<p>${more} more.</p>` : list;
  const page = htmlPage("Directory listing", "Directory listing", content);
  return new TextEncoder().encode(page);
}

function itemOf(folder: string, name: string): string {
  const stats = lstatSync(join(folder, name), { throwIfNoEntry: false });
  const slash = stats?.isDirectory() ? "/" : "";
  // With the leading dot a colon in the name does not end a scheme.
  const link = `./${encodeURIComponent(name)}${slash}`;
  return `<li><a href="${Bun.escapeHTML(link)}">${Bun.escapeHTML(name + slash)}</a></li>`;
}
