/** Pages that list folders. */

import { expect, test } from "bun:test";
import { mkdirSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FolderListings } from "#transport/web/services/folder-listings.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

const at = (file: string, isSettled = true) => ({
  path: "",
  file,
  stats: statSync(file),
  isSettled,
});
const named = (page: Uint8Array) =>
  [
    ...Buffer.from(page)
      .toString()
      .matchAll(/">(.*)<\/a>/g),
  ].map(([, name]) => name);

test("a page is kept until something in its folder is added, removed or renamed", async () => {
  const listings = new FolderListings();
  const folder = temporaryFolder({ "b.txt": "b", "a.txt": "a" });
  const first = listings.pageFor(at(folder));
  expect(listings.pageFor(at(folder))).toBe(first);
  expect(named(await first)).toEqual(["a.txt", "b.txt"]);
  rmSync(join(folder, "a.txt"));
  mkdirSync(join(folder, "a.txt"));
  // The clock of a file system may stand still for some milliseconds.
  utimesSync(folder, 1, 1);
  const second = listings.pageFor(at(folder));
  expect(named(await second)).toEqual(["a.txt/", "b.txt"]);
  expect(listings.pageFor(at(folder))).toBe(second);
});

test("a page is not kept while a change of its folder may not show", async () => {
  const listings = new FolderListings();
  const folder = temporaryFolder({ "a.txt": "a" });
  const [first, second] = [listings.pageFor(at(folder, false)), listings.pageFor(at(folder))];
  expect(first).not.toBe(second);
  expect(await first).toEqual(await second);
});

test("a page is not kept when its folder could not be read", async () => {
  const listings = new FolderListings();
  const folder = temporaryFolder({ "sub/a.txt": "a" });
  const sub = at(join(folder, "sub"));
  rmSync(sub.file, { recursive: true });
  expect(listings.pageFor(sub)).rejects.toThrow("ENOENT");
  await listings.pageFor(sub).catch(() => {});
  mkdirSync(sub.file);
  expect(named(await listings.pageFor(sub))).toEqual([]);
});

test("four pages are kept, and the one found first is forgotten", () => {
  const listings = new FolderListings();
  const folders = Array.from({ length: 5 }, () => at(temporaryFolder()));
  const pages = folders.map((folder) => listings.pageFor(folder));
  const again = folders.toReversed().map((folder) => listings.pageFor(folder));
  expect(again.toReversed().map((page, index) => page === pages[index])).toEqual([
    false,
    true,
    true,
    true,
    true,
  ]);
});

test("entries beyond 5,000 are counted", async () => {
  const folder = temporaryFolder();
  for (let count = 0; count < 5_003; count++) writeFileSync(join(folder, `${count}`), "");
  const page = Buffer.from(await new FolderListings().pageFor(at(folder)));
  expect(named(page)).toHaveLength(5_000);
  expect(page.toString()).toContain("<p>3 more.</p>");
});
