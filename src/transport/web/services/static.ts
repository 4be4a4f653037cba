/**
 * `type: static`: serves the files below a folder that are shown.
 *
 * @module
 */

import { basename, relative, resolve } from "node:path";
import { errorCodeOf } from "#base/failure.ts";
import type { StaticServiceConfig } from "#config/web-service/web-service-config.ts";
import { isOutOfDescriptors } from "#transport/endpoint/descriptors.ts";
import {
  type HttpAnswer,
  type Representation,
  wholeAnswer,
  withWholeAnswer,
} from "#transport/http/http-answer.ts";
import type { HttpRequest } from "#transport/http/http-request.ts";
import { conditionalAnswer } from "#transport/web/conditional-request.ts";
import { type Coding, codingsFor, NO_CODINGS } from "#transport/web/content-coding.ts";
import { crossOriginHeaders } from "#transport/web/cross-origin.ts";
import { errorPage } from "#transport/web/error-page.ts";
import { isCompressible, mediaTypeOf } from "#transport/web/media-type.ts";
import type { WebService } from "#transport/web/web-service.ts";
import { codedFile } from "./coded-file.ts";
import { FolderListings } from "./folder-listings.ts";
import {
  contentOf,
  FIRST_INDEX,
  type ForCodings,
  type Located,
  SHORT_OCTETS,
  ShownFiles,
} from "./shown-files.ts";

type Headers = Readonly<Record<string, string>>;

/** A folder that is served. */
interface StaticFolder {
  options: StaticServiceConfig["options"];
  /** The header Cache-Control, if it is configured. */
  caching: Headers;
  /** Those of every answer. */
  headers: Headers;
  files: ShownFiles;
  listings: FolderListings;
}

/** A file, and the request for it. */
interface RequestedFile {
  found: Located;
  request: HttpRequest;
  /** The path that its content is kept for when it is short; null: it is not kept. */
  keptAs: string | null;
}

/** What is missing today may be there tomorrow, so that clients ask again. */
const ASK_AGAIN: Headers = { "Cache-Control": "no-cache" };

/** Serves a folder, which may be made later: until then every request is answered with 404. */
export function openStatic({ directory, options }: StaticServiceConfig): WebService {
  const { cache_timeout, allow_cross_origin } = options;
  const headers = crossOriginHeaders(allow_cross_origin);
  const caching: Headers =
    cache_timeout === null ? {} : { "Cache-Control": `public, max-age=${cache_timeout}` };
  const files = new ShownFiles(directory);
  const listings = new FolderListings();
  const folder: StaticFolder = { options, caching, headers, files, listings };
  const refuse = (thrown: unknown) => refusalOf(thrown, headers);
  return {
    isReadOnly: true,
    isCrossOrigin: allow_cross_origin,
    handle(request, subpath) {
      try {
        const given = answer(folder, request, subpath);
        return given instanceof Promise ? given.catch(refuse) : given;
      } catch (thrown) {
        return refuse(thrown);
      }
    },
  };
}

/** The answer where the system does not give the file. */
function refusalOf(thrown: unknown, headers: Headers): HttpAnswer {
  if (isOutOfDescriptors(thrown)) return errorPage(503, { "Retry-After": "1", ...headers });
  // The file was removed since it was found, or is not to be read.
  if (errorCodeOf(thrown) !== undefined) return errorPage(404, headers);
  throw thrown;
}

/** Answers with what is kept for the path, or for the index of the folder there. */
function answer(
  folder: StaticFolder,
  request: HttpRequest,
  subpath: string,
): HttpAnswer | Promise<HttpAnswer> {
  const isFolderRequested = request.url.pathname.endsWith("/");
  const path = isFolderRequested ? subpath + FIRST_INDEX : subpath;
  const contents = folder.files.contentsAt(path);
  const kept = contents && (contents.get(null) ?? contents.get(codingsOf(request)));
  if (kept !== undefined) return wholeAnswer(kept, request) ?? conditionalAnswer(kept, request);
  return isFolderRequested
    ? answerFolder(folder, request, { subpath, keptAs: path })
    : answerPath(folder, request, path);
}

function answerPath(
  folder: StaticFolder,
  request: HttpRequest,
  path: string,
): HttpAnswer | Promise<HttpAnswer> {
  const found = folder.files.locate(path);
  if (found?.stats.isDirectory()) return redirectToFolder(request.url, folder);
  return found?.stats.isFile()
    ? answerFile(folder, { found, request, keptAs: path }, folder.caching)
    : answerMissing(folder, request);
}

/** Answers for a folder with its index, or a list of what is in it. */
function answerFolder(
  folder: StaticFolder,
  request: HttpRequest,
  { subpath, keptAs }: { subpath: string; keptAs: string },
): HttpAnswer | Promise<HttpAnswer> {
  const { files, listings, options, caching, headers } = folder;
  // Not the slash of `//`, which stands for a folder without a name.
  const found = files.locate(subpath.replace(/(?<=.)\/$/, ""));
  if (!found?.stats.isDirectory()) return answerMissing(folder, request);
  const index = files.findIndex(found.path);
  if (index !== undefined) {
    const isFirst = basename(index.path) === FIRST_INDEX;
    return answerFile(folder, { found: index, request, keptAs: isFirst ? keptAs : null }, caching);
  }
  return options.enable_directory_listing
    ? listings.answerFor(found, { ...ASK_AGAIN, ...headers })
    : answerMissing(folder, request);
}

/** Answers with the default file, or 404. */
function answerMissing(
  folder: StaticFolder,
  request: HttpRequest,
): HttpAnswer | Promise<HttpAnswer> {
  const { options, headers, files } = folder;
  const name = options.default_file;
  const root = files.folder;
  const found = name === null ? undefined : files.locate(relative(root, resolve(root, name)));
  return found?.stats.isFile()
    ? answerFile(folder, { found, request, keptAs: null }, ASK_AGAIN)
    : errorPage(404, headers);
}

function redirectToFolder(url: HttpRequest["url"], { headers }: StaticFolder): HttpAnswer {
  // Relative to the folder above, so that it is right behind any other proxy.
  const last = url.pathname.slice(url.pathname.lastIndexOf("/") + 1);
  const location = `./${last}/${url.search}`;
  return { status: 302, headers: { Location: location, ...headers }, body: Buffer.alloc(0) };
}

/** Answers with a file, in the content coding that the client prefers. */
function answerFile(
  folder: StaticFolder,
  requested: RequestedFile,
  caching: Headers,
): HttpAnswer | Promise<HttpAnswer> {
  const { files, options, headers } = folder;
  const { found, request } = requested;
  const name = basename(found.path);
  const isIndex = name === "index";
  const type = isIndex ? "text/html; charset=utf-8" : mediaTypeOf(name, options.mime_types);
  const codings = isCompressible(type) ? codingsOf(request) : null;
  const varying = codings && { Vary: "Accept-Encoding" };
  const all = { "Content-Type": type, ...caching, ...varying, ...headers };
  const content = codings?.length ? codedFile(files, found, all, codings) : contentOf(found, all);
  if (!(content instanceof Promise)) return answerAndKeep(files, requested, content, codings);
  return content.then((coded) => {
    if (coded !== null) return answerAndKeep(files, requested, coded, codings);
    const now = files.locate(found.path);
    if (!now?.stats.isFile()) return errorPage(404, headers);
    return answerAndKeep(files, { ...requested, found: now }, contentOf(now, all), codings);
  });
}

/** The codings that a client prefers; most programs other than browsers name none. */
function codingsOf({ headers }: HttpRequest): readonly Coding[] {
  const accepted = headers.get("accept-encoding");
  return accepted === null ? NO_CODINGS : codingsFor(accepted);
}

/** Keeps short content that is sent whole, for all clients that take these codings. */
function answerAndKeep(
  files: ShownFiles,
  { found, request, keptAs }: RequestedFile,
  content: Representation,
  codings: ForCodings,
): HttpAnswer {
  const given = wholeAnswer(content, request) ?? conditionalAnswer(content, request);
  const { status, body } = given;
  const isKept = keptAs !== null && found.isSettled && status === 200;
  if (isKept && body instanceof Uint8Array && body.length <= SHORT_OCTETS) {
    const slice = (start: number, end: number) => body.subarray(start, end);
    files.keep(keptAs, found.stats, codings, withWholeAnswer({ ...content, slice }));
  }
  return given;
}
