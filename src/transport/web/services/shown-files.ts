/**
 * ShownFiles: the files below a folder that are shown, and the content of short ones that were asked for lately.
 *
 * No private key of a node is shown, and no dotfiles except for the folder `.well-known` (RFC 8615).
 *
 * Each request asks the system for the state of a file whose content is kept, and gets that only where the file is
 * unchanged. Where the path leads is found anew every second, because a folder above the file may have become a link,
 * or a copy in a content coding may lie beside it by now.
 *
 * @module
 */

import { readFileSync, realpathSync, type Stats, statSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { isOutOfDescriptors } from "#transport/endpoint/descriptors.ts";
import { FilePart } from "#transport/http/file-part.ts";
import type { Representation } from "#transport/http/http-answer.ts";
import type { Coding } from "#transport/web/content-coding.ts";

/** The file that most often answers for a folder. */
export const FIRST_INDEX = "index.html";

const INDEX_NAMES = [FIRST_INDEX, "index.htm", "index"];

/** Longest file, or part of one, that is read into memory before it is sent. */
export const SHORT_OCTETS = 64 * 1024;

/** Octets of all short files together, and their number. */
const MAX_KEPT_OCTETS = 4 * 1024 * 1024;
const MAX_KEPT_FILES = 1000;

/** How long the place of a file counts as found. */
const FOUND_MS = 1000;

/** Time after which a further change of a file shows in its state, whatever the clock of its file system counts. */
const SETTLED_MS = 2000;

const IF_THERE = { throwIfNoEntry: false } as const;

/** A file or a folder that is shown. */
export interface Located {
  /** Below the folder, as it was asked for; its last component, which may be a link, decides the media type. */
  path: string;
  /** The real file name, links resolved. */
  file: string;
  stats: Stats;
  /** False: it has changed just now. What is read of it then is not kept, because a change may not show. */
  isSettled: boolean;
}

/** For which content codings some content is: those that a client takes; null: it is the same for all. */
export type ForCodings = readonly Coding[] | null;

/** A file whose content is kept. */
interface KeptFile {
  /** As it is asked for from the system. */
  name: string;
  stats: Stats;
  foundAt: number;
  contents: Map<ForCodings, Representation>;
}

/** The files below one folder. */
export class ShownFiles {
  readonly folder: string;
  /** Short files by their path; the one found first is forgotten first. */
  readonly #kept = new Map<string, KeptFile>();
  #octets = 0;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** Finds the file of a decoded path; undefined when there is none, or it may not be shown. */
  locate(path: string): Located | undefined {
    if (path !== "" && !isShownPath(path.split("/"))) return undefined;
    try {
      // Each time, because the folder may be a link that leads elsewhere by now.
      const root = realpathSync(this.folder);
      const file = realpathSync(join(root, path));
      // A link may lead anywhere, so its target is checked as well.
      const below = relative(root, file);
      if (below !== "" && !isShownPath(below.split(sep))) return undefined;
      const stats = statSync(file);
      return { path, file, stats, isSettled: Date.now() - stats.ctimeMs >= SETTLED_MS };
    } catch (thrown) {
      if (isOutOfDescriptors(thrown)) throw thrown;
      // Missing, unreadable, or below a file: all the same to a client.
      return undefined;
    }
  }

  /** The file that answers for a folder at a path. */
  findIndex(path: string): Located | undefined {
    for (const name of INDEX_NAMES) {
      const index = this.locate(join(path, name));
      if (index?.stats.isFile()) return index;
    }
    return undefined;
  }

  /** Whether something lies at a path, shown or not. */
  has(path: string): boolean {
    return statSync(this.#nameOf(path), IF_THERE) !== undefined;
  }

  /** The kept content of the file at a path; undefined: there is none, or it may have changed. */
  contentsAt(path: string): ReadonlyMap<ForCodings, Representation> | undefined {
    const kept = this.#kept.get(path);
    if (kept === undefined) return undefined;
    const isFound = performance.now() - kept.foundAt < FOUND_MS;
    if (isFound && isSameFile(kept.stats, statSync(kept.name, IF_THERE))) return kept.contents;
    this.#forget(path, kept);
    return undefined;
  }

  /** Keeps the content of the file at a path for these codings, if it is short; `stats` are from before it was read. */
  keep(path: string, stats: Stats, codings: ForCodings, content: Representation): void {
    const { contents } = this.#keptAt(path, stats);
    this.#octets += content.size - (contents.get(codings)?.size ?? 0);
    contents.set(codings, content);
    for (const [oldest, kept] of this.#kept) {
      if (this.#octets <= MAX_KEPT_OCTETS && this.#kept.size <= MAX_KEPT_FILES) return;
      this.#forget(oldest, kept);
    }
  }

  #nameOf(path: string): string {
    return `${this.folder}/${path}`;
  }

  #keptAt(path: string, stats: Stats): KeptFile {
    const known = this.#kept.get(path);
    if (known !== undefined && isSameFile(known.stats, stats)) return known;
    if (known !== undefined) this.#forget(path, known);
    const name = this.#nameOf(path);
    const kept = { name, stats, foundAt: performance.now(), contents: new Map() };
    this.#kept.set(path, kept);
    return kept;
  }

  #forget(path: string, { contents }: KeptFile): void {
    this.#kept.delete(path);
    for (const { size } of contents.values()) this.#octets -= size;
  }
}

/** Whether all components of a path are shown; the first may be the folder of well-known addresses. */
function isShownPath([first = "", ...more]: string[]): boolean {
  return (first === ".well-known" || isShownName(first)) && more.every(isShownName);
}

/** False for dotfiles, and so for `..`, and for the private key of a node. */
export function isShownName(name: string): boolean {
  // Some file systems ignore case.
  return name !== "" && !name.startsWith(".") && name.toLowerCase() !== "key.priv";
}

/** The content of a file in a coding, or as it is. */
export function contentOf(
  { file, stats }: Located,
  headers: Record<string, string>,
  coding?: Coding,
): Representation {
  // A time of the future is no time of a change (RFC 9110, section 8.8.2.1).
  const isPast = stats.mtimeMs <= Date.now();
  return {
    size: stats.size,
    etag: `"${versionOf(stats)}${coding === undefined ? "" : `-${coding}`}"`,
    ...(isPast && { lastModified: stats.mtime }),
    headers,
    slice: (start: number, end: number) => readPart(file, stats.size, start, end),
  };
}

/** A text for one version of a file, the same on every machine that has it. */
export function versionOf({ size, mtimeMs }: Stats): string {
  return `${size.toString(16)}-${Math.floor(mtimeMs * 1000).toString(16)}`;
}

/** What is short is read at once, so that no file stays open for it. */
function readPart(file: string, size: number, start: number, end: number): FilePart | Uint8Array {
  if (size <= SHORT_OCTETS) return readShort(file, size).subarray(start, end);
  const part = new FilePart(file, start, end);
  return part.length > SHORT_OCTETS ? part : part.take();
}

function readShort(file: string, size: number): Uint8Array {
  const octets = readFileSync(file);
  if (octets.length < size) throw new Error("Cannot read a file: it has become shorter");
  return octets;
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
