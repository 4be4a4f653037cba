/**
 * answerFile: answers with a file, in the content coding that the client prefers.
 *
 * @module
 */

import { type Stats, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import type { StaticServiceConfig } from "#config/web-service/web-service-config.ts";
import { FilePart, type HttpAnswer } from "#transport/http/http-answer.ts";
import type { HttpRequest } from "#transport/http/http-request.ts";
import { codedAs } from "#transport/web/coded-content.ts";
import { CompressedCopies, type CopySource } from "#transport/web/compressed-copies.ts";
import {
  answerWith,
  type Representation,
  withWholeAnswer,
} from "#transport/web/conditional-request.ts";
import { CODING_SUFFIXES, type Coding, codingsFor } from "#transport/web/content-coding.ts";
import { errorPage } from "#transport/web/error-page.ts";
import { isCompressible, mediaTypeOf } from "#transport/web/media-type.ts";
import { type Located, locate } from "./folder-files.ts";
import type { FolderListings } from "./folder-listings.ts";
import type { ForCodings, ShortFiles } from "./short-files.ts";

/** Longest part of a file that is read into memory before it is sent. */
const READ_AT_ONCE_OCTETS = 64 * 1024;

/** A copy may be older than its file by this: programs that unpack or copy both give them such times. */
const CLOCK_MS = 2000;

/** Those of all paths of type `static` of this process. */
const copies = new CompressedCopies();

/** A folder that is served. */
export interface StaticFolder {
  directory: string;
  options: StaticServiceConfig["options"];
  /** Those of every answer. */
  headers: Readonly<Record<string, string>>;
  files: ShortFiles;
  listings: FolderListings;
}

/** How a file is answered with. */
interface Manner {
  /** The path that it is kept for when it is short; null: it is not kept. */
  keptAs: string | null;
  /** The value of Cache-Control in place of the one that is configured. */
  caching?: string;
}

/** A file, and the request for it. */
interface RequestedFile extends Manner {
  folder: StaticFolder;
  found: Located;
  request: HttpRequest;
  /** The headers of its content. */
  headers: Record<string, string>;
}

/** Gives the answer for a file of a folder. */
export function answerFile(
  folder: StaticFolder,
  found: Located,
  request: HttpRequest,
  manner: Manner,
): HttpAnswer | Promise<HttpAnswer> {
  const { mime_types, cache_timeout } = folder.options;
  const name = basename(found.path);
  const type = name === "index" ? "text/html; charset=utf-8" : mediaTypeOf(name, mime_types);
  const configured = cache_timeout === null ? undefined : `public, max-age=${cache_timeout}`;
  const caching = manner.caching ?? configured;
  const isCoded = isCompressible(type);
  const headers: Record<string, string> = {
    "Content-Type": type,
    ...(caching !== undefined && { "Cache-Control": caching }),
    ...(isCoded && { Vary: "Accept-Encoding" }),
    ...folder.headers,
  };
  const requested = { folder, found, request, headers, ...manner };
  return isCoded
    ? answerInBestCoding(requested, codingsFor(request.headers.get("accept-encoding")))
    : answerAndKeep(requested, fileContent(found, headers), null);
}

/** Sends a file in the coding that the client prefers: a copy that lies beside it, or one that is made now. */
function answerInBestCoding(
  requested: RequestedFile,
  codings: readonly Coding[],
): HttpAnswer | Promise<HttpAnswer> {
  const { folder, found, headers } = requested;
  for (const coding of codings) {
    const neighbour = neighbourOf(folder.directory, found, coding);
    if (neighbour === undefined) continue;
    const coded = { ...headers, "Content-Encoding": coding };
    return answerAndKeep(requested, fileContent(neighbour, coded, coding), codings);
  }
  const content = fileContent(found, headers);
  const [best] = codings;
  const copy = best === undefined ? null : copies.of(sourceOf(found, content.etag), best);
  const answerCopy = (octets: Uint8Array) =>
    answerAndKeep(requested, codedAs(best as Coding, content, octets), codings);
  if (copy instanceof Promise) {
    return copy.then((octets) => (octets ? answerCopy(octets) : answerAnew(requested, codings)));
  }
  return copy === null ? answerAndKeep(requested, content, codings) : answerCopy(copy);
}

/** Sends a file as it is now: it may have changed while it was compressed in vain. */
function answerAnew(requested: RequestedFile, codings: readonly Coding[]): HttpAnswer {
  const { folder, found, headers } = requested;
  const now = locate(folder.directory, found.path);
  if (!now?.stats.isFile()) return errorPage(404, folder.headers);
  return answerAndKeep({ ...requested, found: now }, fileContent(now, headers), codings);
}

/** Keeps short content that is sent whole, for all clients that take these codings. */
function answerAndKeep(
  { folder, found, request, keptAs }: RequestedFile,
  content: Representation,
  codings: ForCodings,
): HttpAnswer {
  const answer = answerWith(content, request);
  const { status, body } = answer;
  const isKept = keptAs !== null && found.isSettled && status === 200;
  if (isKept && body instanceof Uint8Array && body.length <= READ_AT_ONCE_OCTETS) {
    const slice = (start: number, end: number) => body.subarray(start, end);
    folder.files.keep(keptAs, found.stats, codings, withWholeAnswer({ ...content, slice }));
  }
  return answer;
}

/** The file with the suffix of a coding, unless it is older than the one that it is a copy of. */
function neighbourOf(
  directory: string,
  { path, stats }: Located,
  coding: Coding,
): Located | undefined {
  const name = `${path}${CODING_SUFFIXES[coding]}`;
  // Most often there is none, which is found out cheaply.
  if (statSync(join(directory, name), { throwIfNoEntry: false }) === undefined) return undefined;
  const neighbour = locate(directory, name);
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

function fileContent(
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
    slice: (start: number, end: number) => readPart(file, start, end),
  };
}

/** A text for one version of a file, the same on every machine that has it. */
function versionOf({ size, mtimeMs }: Stats): string {
  return `${size.toString(16)}-${Math.floor(mtimeMs * 1000).toString(16)}`;
}

/** Short parts are read at once, so that no file stays open for them. */
function readPart(file: string, start: number, end: number): FilePart | Uint8Array {
  const part = new FilePart(file, start, end);
  return part.length > READ_AT_ONCE_OCTETS ? part : part.take();
}
