/** The documents of the repository: what stands in their fences, and where their links lead. */

import { globSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { nodeWith } from "./loaded-node.ts";

/** The folder of the repository. */
export const ROOT = resolve(import.meta.dir, "../..");

/** All documents by their names from there. */
export const DOCUMENTS = globSync(["*.md", "docs/**/*.md", "examples/**/*.md"], { cwd: ROOT });

/** A fenced block: the words behind its fence, and what is in it. */
export interface Block {
  document: string;
  line: number;
  language: string;
  /** For a part of a configuration: the JSON path at which it stands in the document's node. */
  place: string | null;
  text: string;
}

/** The text of a document. */
export function documentText(name: string): string {
  return readFileSync(join(ROOT, name), "utf8");
}

/** The fenced blocks of a document, in order. */
export function blocksOf(document: string): Block[] {
  const text = documentText(document);
  return [...text.matchAll(/^```(\S*)(?: ([^\n]+))?\n(.*?)\n```$/gms)].map((match) => ({
    document,
    line: text.slice(0, match.index).split("\n").length,
    language: match[1] ?? "",
    place: match[2] ?? null,
    text: match[3] ?? "",
  }));
}

/** The node of a document, with all the parts that stand in fences of their own. */
export function nodeOf(document: string): unknown {
  const [node, ...parts] = blocksOf(document).filter(({ language }) => language === "json");
  return parts.reduce<unknown>(
    (all, { place, text }) => nodeWith(place ?? "", JSON.parse(text), all),
    JSON.parse(node?.text ?? ""),
  );
}

/** A link out of a document, as a file and what is behind `#`; pages elsewhere are left out. */
export interface Link {
  written: string;
  file: string;
  anchor: string | null;
}

/** The relative links of a document. */
export function linksOf(document: string): Link[] {
  const links = withoutBlocks(documentText(document)).matchAll(/\]\(([^)\s]+)(?: "[^"]*")?\)/g);
  return [...links].flatMap(([, written = ""]) => {
    if (/^[a-z]+:/.test(written)) return [];
    const [path = "", anchor = null] = written.split("#");
    const file = path === "" ? join(ROOT, document) : join(ROOT, dirname(document), path);
    return [{ written, file, anchor }];
  });
}

/** The anchors that GitHub gives to the headings of a text. */
export function anchorsOf(text: string): Set<string> {
  const headings = withoutBlocks(text).matchAll(/^#{1,6} (.+)$/gm);
  const slugs = [...headings].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(" ", "-"),
  );
  return new Set(slugs);
}

/** A text without what is in its fences, line for line. */
export function withoutBlocks(text: string): string {
  return text.replace(/^```.*?^```$/gms, (block) => block.replace(/[^\n]/g, ""));
}
