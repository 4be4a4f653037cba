/**
 * ShortFiles: keeps the octets of short files that were asked for lately, with the answers made of them.
 *
 * Each request asks the system for the state of the file and gets these octets only where it is unchanged. Where
 * the path leads is found anew every second, because a folder above the file may have become a link, or a copy in a
 * content coding may lie beside it by now.
 *
 * @module
 */

import { type Stats, statSync } from "node:fs";
import type { ReadableFields } from "#transport/http/header-fields.ts";
import type { Representation } from "#transport/web/conditional-request.ts";
import { type Coding, codingsFor } from "#transport/web/content-coding.ts";

/** Octets of all files together, and their number. */
const MAX_OCTETS = 4 * 1024 * 1024;
const MAX_FILES = 1000;

/** How long the place of a file counts as found. */
const FOUND_MS = 1000;

const IF_THERE = { throwIfNoEntry: false } as const;

/** For which content codings some content is: those that a client takes; null: it is the same for all. */
export type ForCodings = readonly Coding[] | null;

/** A file that is kept. */
interface ShortFile {
  /** Its name, as it is asked for from the system. */
  name: string;
  stats: Stats;
  foundAt: number;
  contents: Map<ForCodings, Representation>;
}

/** The short files of one folder by their path below it; the one found first is forgotten first. */
export class ShortFiles {
  readonly #folder: string;
  readonly #files = new Map<string, ShortFile>();
  #octets = 0;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The content that a file has for a request; undefined: it is not kept, or may have changed. */
  get(path: string, headers: ReadableFields): Representation | undefined {
    const file = this.#files.get(path);
    if (file === undefined) return undefined;
    const isFound = performance.now() - file.foundAt < FOUND_MS;
    if (!isFound || !isSameFile(file.stats, statSync(file.name, IF_THERE))) {
      this.#forget(path, file);
      return undefined;
    }
    const { contents } = file;
    return contents.get(null) ?? contents.get(codingsFor(headers.get("accept-encoding")));
  }

  /** Keeps the content of a file for these codings; `stats` are from before it was read. */
  keep(path: string, stats: Stats, codings: ForCodings, content: Representation): void {
    const { contents } = this.#fileAt(path, stats);
    this.#octets += content.size - (contents.get(codings)?.size ?? 0);
    contents.set(codings, content);
    for (const [oldest, file] of this.#files) {
      if (this.#octets <= MAX_OCTETS && this.#files.size <= MAX_FILES) return;
      this.#forget(oldest, file);
    }
  }

  #fileAt(path: string, stats: Stats): ShortFile {
    const known = this.#files.get(path);
    if (known !== undefined && isSameFile(known.stats, stats)) return known;
    if (known !== undefined) this.#forget(path, known);
    const name = `${this.#folder}/${path}`;
    const file = { name, stats, foundAt: performance.now(), contents: new Map() };
    this.#files.set(path, file);
    return file;
  }

  #forget(path: string, { contents }: ShortFile): void {
    this.#files.delete(path);
    for (const { size } of contents.values()) this.#octets -= size;
  }
}

/** Whether a file is the same one and unchanged. Its changes show in `ctime`, which no program can set. */
export function isSameFile(before: Stats, now: Stats | undefined): boolean {
  return (
    now !== undefined &&
    now.ctimeMs === before.ctimeMs &&
    now.mtimeMs === before.mtimeMs &&
    now.size === before.size &&
    now.ino === before.ino &&
    now.dev === before.dev
  );
}
