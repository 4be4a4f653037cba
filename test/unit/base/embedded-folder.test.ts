/** Where the executable has its modules. */

import { expect, test } from "bun:test";
import { EMBEDDED_FOLDER, embeddedFolderOf } from "#base/embedded-folder.ts";

test.each([
  ["/$bunfs/root", "/$bunfs/root"],
  ["/$bunfs/root/session", "/$bunfs/root"],
  ["B:\\~BUN\\root", "B:\\~BUN\\root"],
  ["B:/~BUN/root/session", "B:/~BUN/root"],
  ["/home/joe/crossproxy/src/base", undefined],
  ["C:\\crossproxy\\src\\base", undefined],
])("the folder %p lies in %p", (folder, expected) => {
  expect(embeddedFolderOf(folder)).toBe(expected);
});

test("this test runs from the sources", () => {
  expect(EMBEDDED_FOLDER).toBeUndefined();
});
