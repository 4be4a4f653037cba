import { expect, test } from "bun:test";
import { chmodSync } from "node:fs";
import { join } from "node:path";
import { isExecutableFile, isReadableFile } from "#base/file-access.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

test("a folder, and a file that is not there, can be neither read nor run as a file", () => {
  const folder = temporaryFolder({ plain: "a", program: "#!/bin/sh\n" });
  chmodSync(join(folder, "program"), 0o755);
  const states = ["plain", "program", ".", "none"].map((name) => {
    const path = join(folder, name);
    return [isReadableFile(path), isExecutableFile(path)];
  });
  expect(states).toEqual([
    [true, false],
    [true, true],
    [false, false],
    [false, false],
  ]);
});
