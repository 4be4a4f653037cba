/**
 * ShortFiles: keeps the octets of short files that were asked for lately, with the answers made of them.
 *
 * Each request asks the system for the state of the file and gets these octets only where it is unchanged. Where
 * the path leads is found anew every second, because a folder above the file may have become a link.
 *
 * @module
 */

import { type Stats, statSync } from "node:fs";
import type { Representation } from "#transport/web/conditional-request.ts";
import type { Coding } from "#transport/web/content-coding.ts";

/** Octets of all files together, and their number. */
const MAX_OCTETS = 4 * 1024 * 1024;
const MAX_FILES = 1000;

/** How long the place of a file counts as found. */
const FOUND_MS = 1000;

/**
 * A file that has changed within this time is not kept: a further change in the same tick of the file
 * system's clock would not show.
 */
const SETTLED_MS = 2000;

/** A file that is kept. */
interface ShortFile {
  stats: Stats;
  foundAt: number;
  content: Representation;
}

/**
 * The short files of one folder by the path that was requested, and the content codings that were acceptable; the
 * one found first is forgotten first.
 */
export class ShortFiles {
  readonly #files = new Map<string, ShortFile>();
  #octets = 0;

  /** The content of the file at a path; undefined: it is not kept, or may have changed. */
  get(path: string, codings: readonly Coding[]): Representation | undefined {
    const key = keyOf(path, codings);
    const kept = this.#files.get(key);
    if (kept === undefined) return undefined;
    const isFound = performance.now() - kept.foundAt < FOUND_MS;
    if (isFound && isSameFile(kept.stats, statSync(path, { throwIfNoEntry: false }))) {
      return kept.content;
    }
    this.#forget(key, kept);
    return undefined;
  }

  /** Keeps the content of a file that `get` did not have, unless it has changed lately; `stats` are from before it was read. */
  keep(
    path: string,
    codings: readonly Coding[],
    { stats, content }: Pick<ShortFile, "stats" | "content">,
  ): void {
    if (Date.now() - stats.ctimeMs < SETTLED_MS || content.size > MAX_OCTETS) return;
    for (const [oldest, kept] of this.#files) {
      if (this.#octets + content.size <= MAX_OCTETS && this.#files.size < MAX_FILES) break;
      this.#forget(oldest, kept);
    }
    this.#octets += content.size;
    this.#files.set(keyOf(path, codings), { stats, foundAt: performance.now(), content });
  }

  #forget(key: string, { content }: ShortFile): void {
    this.#files.delete(key);
    this.#octets -= content.size;
  }
}

function keyOf(path: string, codings: readonly Coding[]): string {
  return codings.length === 0 ? path : `${codings.join()} ${path}`;
}

/** Whether a file is the same one and unchanged. Its changes show in `ctime`, which no program can set. */
function isSameFile(before: Stats, now: Stats | undefined): boolean {
  return (
    now !== undefined &&
    now.ctimeMs === before.ctimeMs &&
    now.mtimeMs === before.mtimeMs &&
    now.size === before.size &&
    now.ino === before.ino &&
    now.dev === before.dev
  );
}
