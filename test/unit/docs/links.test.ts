/** The documents: every link leads somewhere, each is found from the README, and says whom it is for. */

import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { relative } from "node:path";
import {
  anchorsOf,
  DOCUMENTS,
  documentText,
  linksOf,
  ROOT,
  withoutBlocks,
} from "../../support/documents.ts";

test("every relative link and anchor of every document resolves", () => {
  const all = DOCUMENTS.flatMap((document) =>
    linksOf(document).map((link) => ({ document, link })),
  );
  expect(all.length).toBeGreaterThan(200);
  const faults = all.flatMap(({ document, link: { written, file, anchor } }) => {
    if (!existsSync(file)) return [`${document}: there is no ${written}`];
    if (anchor === null || anchorsOf(readFileSync(file, "utf8")).has(anchor)) return [];
    return [`${document}: no heading for ${written}`];
  });
  expect(faults).toEqual([]);
});

test("every document is reached from the README in two clicks", () => {
  const targets = (document: string) =>
    linksOf(document)
      .map(({ file }) => relative(ROOT, file).replace(/\/$/, ""))
      .map((name) => (existsSync(`${ROOT}/${name}/README.md`) ? `${name}/README.md` : name));
  const first = targets("README.md").filter((name) => DOCUMENTS.includes(name));
  const reached = new Set(["README.md", ...first, ...first.flatMap(targets)]);
  expect(DOCUMENTS.filter((document) => !reached.has(document))).toEqual([]);
});

test("every document for operators begins with its readers", () => {
  const guides = DOCUMENTS.filter((name) => /^(docs|examples)\/[\w-]+\.md$/.test(name));
  expect(guides.length).toBeGreaterThan(10);
  const openings = guides.map((name) => [name, documentText(name).split("\n\n")[1]?.slice(0, 4)]);
  expect(openings).toEqual(guides.map((name) => [name, "For "]));
});

test("what is to be pasted stands in a fence with its language", () => {
  const bare = DOCUMENTS.flatMap((document) => {
    const text = documentText(document);
    const indented = /^\n {4}\S.*$/m.exec(withoutBlocks(text))?.[0].trim();
    const nameless = /^```\n(?:.*\n)*?```$/m.exec(text.replace(/^```\w.*?^```$/gms, ""))?.[0];
    return [indented, nameless].flatMap((found) => (found ? [`${document}: ${found}`] : []));
  });
  expect(bare).toEqual([]);
});

test("every package is in the list of decisions, and no other", async () => {
  const { dependencies, devDependencies } = await Bun.file(`${ROOT}/package.json`).json();
  const rows = documentText("docs/decisions/0003-packages.md").matchAll(/^\| (\S[^|]*) \|/gm);
  const told = [...rows].flatMap(([, names = ""]) => names.split(", "));
  const used = Object.keys({ ...dependencies, ...devDependencies });
  const isOfBun = (name: string) => ["bun", "@types/bun", "typescript-go"].includes(name);
  const plain = (name: string) => name.replace("@biomejs/", "");
  expect(told.filter((name) => name !== "package").toSorted()).toEqual(
    used
      .filter((name) => !isOfBun(name))
      .map(plain)
      .toSorted(),
  );
});
