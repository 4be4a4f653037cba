/**
 * codedFile: the content of a file in the coding that a client prefers: a copy that lies beside it, or one that is made
 * now.
 *
 * @module
 */

import { statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import type { Representation } from "#transport/http/http-answer.ts";
import { codedAs } from "#transport/web/coded-content.ts";
import { CompressedCopies, type CopySource } from "#transport/web/compressed-copies.ts";
import { CODING_SUFFIXES, type Coding } from "#transport/web/content-coding.ts";
import { contentOf, type Located, type ShownFiles, versionOf } from "./shown-files.ts";

/** A copy may be older than its file by this: programs that unpack or copy both give them such times. */
const CLOCK_MS = 2000;

/** Those of all paths of type `static` of this process. */
const copies = new CompressedCopies();

/**
 * Gives the content in the first of the codings that there is a copy in, or as it is. Null: the file was compressed in
 * vain, and may have changed meanwhile.
 */
export function codedFile(
  files: ShownFiles,
  found: Located,
  headers: Record<string, string>,
  codings: readonly Coding[],
): Representation | Promise<Representation | null> {
  for (const coding of codings) {
    const neighbour = neighbourOf(files, found, coding);
    if (neighbour === undefined) continue;
    return contentOf(neighbour, { ...headers, "Content-Encoding": coding }, coding);
  }
  const content = contentOf(found, headers);
  const [best] = codings;
  if (best === undefined) return content;
  const copy = copies.of(sourceOf(found, content.etag), best);
  if (copy instanceof Promise)
    return copy.then((octets) => octets && codedAs(best, content, octets));
  return copy === null ? content : codedAs(best, content, copy);
}

/** The file with the suffix of a coding, unless it is older than the one that it is a copy of. */
function neighbourOf(
  files: ShownFiles,
  { path, stats }: Located,
  coding: Coding,
): Located | undefined {
  const name = `${path}${CODING_SUFFIXES[coding]}`;
  // Most often there is none, which is found out cheaply.
  if (!files.has(name)) return undefined;
  const neighbour = files.locate(name);
  const isCopy = neighbour?.stats.isFile() && neighbour.stats.mtimeMs >= stats.mtimeMs - CLOCK_MS;
  return isCopy ? neighbour : undefined;
}

function sourceOf({ file, stats, isSettled }: Located, etag: string): CopySource {
  return {
    // A program may set the time that the entity tag has.
    key: `${file} ${stats.dev} ${stats.ino} ${stats.ctimeMs} ${etag}`,
    size: stats.size,
    isSettled,
    async read() {
      const octets = await readFile(file);
      return versionOf(statSync(file)) === versionOf(stats) ? octets : null;
    },
  };
}
