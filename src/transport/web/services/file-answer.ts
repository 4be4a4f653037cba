/**
 * answerFile: answers with a file, in the content coding that the client prefers.
 *
 * @module
 */

import { statSync } from "node:fs";
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
import {
  CODING_SUFFIXES,
  type Coding,
  codingsFor,
  isCompressible,
} from "#transport/web/content-coding.ts";
import { crossOriginHeaders } from "#transport/web/cross-origin.ts";
import { mediaTypeOf } from "#transport/web/media-type.ts";
import { type Located, locate } from "./folder-files.ts";
import type { ShortFiles } from "./short-files.ts";

/** Longest part of a file that is read into memory before it is sent. */
const READ_AT_ONCE_OCTETS = 64 * 1024;

/** Programs that unpack or copy two files give them times that differ by less. */
const CLOCK_MS = 2000;

/** Those of all paths of type `static` of this process. */
const copies = new CompressedCopies();

/** A folder that is there. */
export interface StaticFolder {
  root: string;
  options: StaticServiceConfig["options"];
  files: ShortFiles;
}

/** How a file is answered with. */
interface Manner {
  /** The path that it is kept for when it is short; null: it is not kept. */
  keptAs: string | null;
  /** The value of Cache-Control in place of the one that is configured. */
  caching?: string;
}

/** A file, the request for it, and the codings that the client takes. */
interface RequestedFile extends Manner {
  folder: StaticFolder;
  found: Located;
  request: HttpRequest;
  codings: readonly Coding[];
}

/** Gives the answer for a file of a folder. */
export function answerFile(
  folder: StaticFolder,
  found: Located,
  request: HttpRequest,
  manner: Manner,
): HttpAnswer | Promise<HttpAnswer> {
  const { mime_types, cache_timeout, allow_cross_origin } = folder.options;
  const name = basename(found.path);
  const type = name === "index" ? "text/html; charset=utf-8" : mediaTypeOf(name, mime_types);
  const configured = cache_timeout === null ? undefined : `public, max-age=${cache_timeout}`;
  const caching = manner.caching ?? configured;
  const isCoded = isCompressible(type);
  const headers: Record<string, string> = {
    "Content-Type": type,
    ...(caching !== undefined && { "Cache-Control": caching }),
    ...(isCoded && { Vary: "Accept-Encoding" }),
    ...crossOriginHeaders(allow_cross_origin),
  };
  const codings = codingsFor(request.headers.get("accept-encoding"));
  const requested = { folder, found, request, codings, ...manner };
  return isCoded
    ? answerInBestCoding(requested, headers)
    : answerAndKeep(requested, fileContent(found, headers));
}

/** Sends a file in the coding that the client prefers: a copy that lies beside it, or one that is made now. */
function answerInBestCoding(
  requested: RequestedFile,
  headers: Record<string, string>,
): HttpAnswer | Promise<HttpAnswer> {
  const { folder, found, codings } = requested;
  for (const coding of codings) {
    const neighbour = neighbourOf(folder.root, found, coding);
    if (neighbour === undefined) continue;
    const coded = { ...headers, "Content-Encoding": coding };
    return answerAndKeep(requested, fileContent(neighbour, coded, coding));
  }
  const content = fileContent(found, headers);
  const [best] = codings;
  if (best === undefined) return answerAndKeep(requested, content);
  const answerCopy = (octets: Uint8Array | null) =>
    answerAndKeep(requested, octets === null ? content : codedAs(best, content, octets));
  const copy = copies.of(sourceOf(found, content.etag), best);
  return copy instanceof Promise ? copy.then(answerCopy) : answerCopy(copy);
}

/** Keeps short content that is sent whole. */
function answerAndKeep(
  { folder, found, request, codings, keptAs }: RequestedFile,
  content: Representation,
): HttpAnswer {
  const answer = answerWith(content, request);
  const octets = answer.status === 200 && answer.body;
  const isWhole = octets instanceof Uint8Array && octets.length === content.size;
  if (keptAs !== null && isWhole && content.size <= READ_AT_ONCE_OCTETS) {
    const slice = (start: number, end: number) => octets.subarray(start, end);
    const kept = withWholeAnswer({ ...content, slice });
    folder.files.keep(keptAs, codings, { stats: found.stats, content: kept });
  }
  return answer;
}

/** The file with the suffix of a coding, unless it is older than the one that it is a copy of. */
function neighbourOf(root: string, { path, stats }: Located, coding: Coding): Located | undefined {
  const name = `${path}${CODING_SUFFIXES[coding]}`;
  // Most often there is none, which is found out cheaply.
  if (statSync(join(root, name), { throwIfNoEntry: false }) === undefined) return undefined;
  const neighbour = locate(root, name);
  const isCopy = neighbour?.stats.isFile() && neighbour.stats.mtimeMs >= stats.mtimeMs - CLOCK_MS;
  return isCopy ? neighbour : undefined;
}

function sourceOf({ file, stats }: Located, etag: string): CopySource {
  return { key: `${file} ${etag}`, size: stats.size, read: () => readFile(file) };
}

function fileContent(
  { file, stats }: Located,
  headers: Record<string, string>,
  coding?: Coding,
): Representation {
  const version = `${stats.size.toString(16)}-${Math.floor(stats.mtimeMs * 1000).toString(16)}`;
  return {
    size: stats.size,
    etag: `"${version}${coding === undefined ? "" : `-${coding}`}"`,
    lastModified: stats.mtime,
    headers,
    slice: (start: number, end: number) => readPart(file, start, end),
  };
}

/** Short parts are read at once, so that no file stays open for them. */
function readPart(file: string, start: number, end: number): FilePart | Uint8Array {
  const part = new FilePart(file, start, end);
  if (part.length > READ_AT_ONCE_OCTETS) return part;
  try {
    // Not of Buffer's pool, which they would keep in memory with them.
    const octets = Buffer.allocUnsafeSlow(part.length);
    return octets.subarray(0, part.read(octets, 0));
  } finally {
    part.close();
  }
}
