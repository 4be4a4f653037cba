/** Which changes of files are reported. */

import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { FolderWatch } from "#node/folder-watch.ts";
import { afterTest } from "../../support/cleanups.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

test("files beyond the limit are not watched, which is reported once", async () => {
  const folder = temporaryFolder({ "a.txt": "", "b.txt": "", "c.txt": "" });
  const reports: number[] = [];
  const changed = Promise.withResolvers<string>();
  const watch = new FolderWatch({
    folders: [folder],
    quietMs: 100,
    maxFiles: 2,
    onChange: changed.resolve,
    onTooMany: (watched) => void reports.push(watched),
  });
  afterTest(() => watch.stop());
  const writes = setInterval(() => {
    for (const name of ["a", "b", "c"]) writeFileSync(`${folder}/${name}.txt`, "changed");
    if (reports.length > 0) clearInterval(writes);
  }, 10);
  expect(await changed.promise).toStartWith(folder);
  expect(reports).toEqual([2]);
});

test("nothing is reported of folders that have no more files than the limit", async () => {
  const folder = temporaryFolder({ "a.txt": "", "b.txt": "" });
  const reports: number[] = [];
  const changed = Promise.withResolvers<string>();
  const watch = new FolderWatch({
    folders: [folder],
    quietMs: 100,
    maxFiles: 2,
    onChange: changed.resolve,
    onTooMany: (watched) => void reports.push(watched),
  });
  afterTest(() => watch.stop());
  let size = 0;
  const writes = setInterval(() => {
    size += 1;
    if (size % 50 === 1) writeFileSync(`${folder}/b.txt`, "x".repeat(size));
  }, 10);
  afterTest(() => clearInterval(writes));
  expect(await changed.promise).toBe(`${folder}/b.txt`);
  expect(reports).toEqual([]);
});
