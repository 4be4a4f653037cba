/**
 * `type: static`: serves the files below a folder, but no private key of a node, and no dotfiles except for
 * the folder `.well-known` (RFC 8615).
 *
 * @module
 */

import { realpathSync, type Stats, statSync } from "node:fs";
import { basename, join, relative, resolve, sep } from "node:path";
import { errorCodeOf } from "#base/failure.ts";
import type { StaticServiceConfig } from "#config/web-service/web-service-config.ts";
import { isOutOfDescriptors } from "#transport/endpoint/descriptors.ts";
import { FilePart, type HttpAnswer } from "#transport/http/http-answer.ts";
import type { HttpRequest, RequestUrl } from "#transport/http/http-request.ts";
import {
  answerWith,
  type Representation,
  withWholeAnswer,
} from "#transport/web/conditional-request.ts";
import { errorPage } from "#transport/web/error-page.ts";
import { mediaTypeOf } from "#transport/web/media-type.ts";
import type { WebService } from "#transport/web/web-service.ts";
import { listDirectory } from "./directory-listing.ts";
import { ShortFiles } from "./short-files.ts";

/** Longest part of a file that is read into memory before it is sent. */
const READ_AT_ONCE_OCTETS = 64 * 1024;

const FIRST_INDEX = "index.html";
const INDEX_NAMES = [FIRST_INDEX, "index.htm", "index"];

/** Serves a folder, which may be made later: until then every request is answered with 404. */
export function openStatic(config: StaticServiceConfig): WebService {
  let root: string | undefined;
  const files = new ShortFiles();
  return {
    isReadOnly: true,
    handle(request, subpath) {
      try {
        root ??= realpathSync(config.directory);
        return answer({ root, config, files }, request, subpath);
      } catch (thrown) {
        if (isOutOfDescriptors(thrown)) return errorPage(503, { "Retry-After": "1" });
        // The folder is not there yet, or the file was removed since it was found, or is not to be read.
        if (errorCodeOf(thrown) !== undefined) return errorPage(404);
        throw thrown;
      }
    },
  };
}

/** A folder that is there. */
interface StaticFolder {
  root: string;
  config: StaticServiceConfig;
  files: ShortFiles;
}

function answer(folder: StaticFolder, request: HttpRequest, subpath: string): HttpAnswer {
  const { root, config, files } = folder;
  const { url } = request;
  const isFolderRequested = url.pathname.endsWith("/");
  const path = `${root}/${subpath}${isFolderRequested ? FIRST_INDEX : ""}`;
  const kept = files.get(path);
  if (kept !== undefined) return answerWith(kept, request);
  const found = locate(root, subpath.replace(/\/$/, ""));
  if (found?.stats.isDirectory()) {
    if (!isFolderRequested) return redirectToFolder(url);
    const index = findIndex(root, found.file);
    if (index) return answerFile(folder, index, request, index.name === FIRST_INDEX ? path : null);
    if (config.options.enable_directory_listing) return answerListing(found.file);
  }
  if (found?.stats.isFile() && !isFolderRequested) return answerFile(folder, found, request, path);
  const name = config.options.default_file;
  const fallback = name === null ? undefined : locate(root, relative(root, resolve(root, name)));
  return fallback?.stats.isFile() ? answerFile(folder, fallback, request, null) : errorPage(404);
}

interface Located {
  /** The last component of the path, which may be a link; the type of the file is that of this name. */
  name: string;
  /** The real file name, links resolved. */
  file: string;
  stats: Stats;
}

/** Finds the file of a decoded path; undefined when there is none, or it may not be shown. */
function locate(root: string, path: string): Located | undefined {
  if (path !== "" && !isShownPath(path.split("/"))) return undefined;
  try {
    const file = realpathSync(join(root, path));
    // A link may lead anywhere, so its target is checked as well.
    const below = relative(root, file);
    if (below !== "" && !isShownPath(below.split(sep))) return undefined;
    return { name: basename(path), file, stats: statSync(file) };
  } catch (thrown) {
    if (isOutOfDescriptors(thrown)) throw thrown;
    // Missing, unreadable, or below a file: all the same to a client.
    return undefined;
  }
}

/** Whether all components of a path are shown; the first may be the folder of well-known addresses. */
function isShownPath([first = "", ...more]: string[]): boolean {
  return (first === ".well-known" || isShownName(first)) && more.every(isShownName);
}

/** False for dotfiles, and so for `..`, and for the private key of a node. */
function isShownName(name: string): boolean {
  // Some file systems ignore case.
  return name !== "" && !name.startsWith(".") && name.toLowerCase() !== "key.priv";
}

function findIndex(root: string, folder: string): Located | undefined {
  for (const name of INDEX_NAMES) {
    const index = locate(root, join(relative(root, folder), name));
    if (index?.stats.isFile()) return index;
  }
  return undefined;
}

function redirectToFolder(url: RequestUrl): HttpAnswer {
  // Relative to the folder above, so that it is right behind any other proxy.
  const last = url.pathname.slice(url.pathname.lastIndexOf("/") + 1);
  return { status: 302, headers: { Location: `./${last}/${url.search}` }, body: Buffer.alloc(0) };
}

/** Keeps a short file that is sent whole under the path that was requested; null: it is not kept. */
function answerFile(
  { config, files }: StaticFolder,
  { name, file, stats }: Located,
  request: HttpRequest,
  path: string | null,
): HttpAnswer {
  const { mime_types, cache_timeout } = config.options;
  const type = name === "index" ? "text/html; charset=utf-8" : mediaTypeOf(name, mime_types);
  const headers: Record<string, string> = { "Content-Type": type };
  if (cache_timeout !== null) headers["Cache-Control"] = `public, max-age=${cache_timeout}`;
  const content: Representation = {
    size: stats.size,
    etag: `"${stats.size.toString(16)}-${Math.floor(stats.mtimeMs * 1000).toString(16)}"`,
    lastModified: stats.mtime,
    headers,
    slice: (start, end) => readPart(file, start, end),
  };
  const answer = answerWith(content, request);
  const octets = answer.status === 200 && answer.body;
  if (path !== null && octets instanceof Uint8Array && octets.length === stats.size) {
    const slice = (start: number, end: number) => octets.subarray(start, end);
    files.keep(path, stats, withWholeAnswer({ ...content, slice }));
  }
  return answer;
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

function answerListing(folder: string): HttpAnswer {
  const octets = new TextEncoder().encode(listDirectory(folder, isShownName));
  return {
    status: 200,
    headers: {
      "Content-Type": "text/html; charset=utf-8",
      "Cache-Control": "no-cache",
      "X-Content-Type-Options": "nosniff",
    },
    body: octets,
  };
}
