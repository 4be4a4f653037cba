import { expect, test } from "bun:test";
import { renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { watchFiles } from "#transport/endpoint/file-watch.ts";
import { afterTest } from "../../../support/cleanups.ts";
import { fakeTime } from "../../../support/fake-time.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

/** Watches `a` and a link to it under a clock that the test moves. */
function watching() {
  const pass = fakeTime();
  const folder = temporaryFolder({ a: "one", b: "another" });
  const file = (name: string) => join(folder, name);
  symlinkSync(file("a"), file("link"));
  let changes = 0;
  const end = watchFiles([file("a"), file("link"), file("none")], () => changes++);
  afterTest(end);
  /** How often a change was noticed in this time. */
  const noticed = (milliseconds: number) => {
    changes = 0;
    pass(milliseconds);
    return changes;
  };
  return { file, noticed, end };
}

test("files are looked at every ten seconds, and nothing is said of what stays", () => {
  const { file, noticed } = watching();
  expect(noticed(60_000)).toBe(0);
  writeFileSync(file("a"), "longer");
  expect([noticed(9999), noticed(1), noticed(60_000)]).toEqual([0, 1, 0]);
});

test.each<[string, (file: (name: string) => string) => void]>([
  ["is put in the place of one", (file) => renameSync(file("b"), file("a"))],
  ["appears", (file) => writeFileSync(file("none"), "")],
  ["goes", (file) => rmSync(file("a"))],
  [
    "is what a link leads to now",
    (file) => {
      rmSync(file("link"));
      symlinkSync(file("b"), file("link"));
    },
  ],
])("a file that %s is noticed, once", (_, change) => {
  const { file, noticed } = watching();
  change(file);
  expect([noticed(10_000), noticed(10_000)]).toEqual([1, 0]);
});

test("nothing is noticed behind the end", () => {
  const { file, noticed, end } = watching();
  end();
  writeFileSync(file("a"), "longer");
  expect(noticed(60_000)).toBe(0);
});
