/**
 * `type: static`: serves the files below a folder that are shown.
 *
 * @module
 */

import { basename, relative, resolve } from "node:path";
import { errorCodeOf } from "#base/failure.ts";
import type { StaticServiceConfig } from "#config/web-service/web-service-config.ts";
import { isOutOfDescriptors } from "#transport/endpoint/descriptors.ts";
import type { HttpAnswer } from "#transport/http/http-answer.ts";
import type { HttpRequest } from "#transport/http/http-request.ts";
import { PAGE_HEADERS } from "#transport/http/page-headers.ts";
import { answerWith } from "#transport/web/conditional-request.ts";
import { crossOriginHeaders } from "#transport/web/cross-origin.ts";
import { errorPage } from "#transport/web/error-page.ts";
import type { WebService } from "#transport/web/web-service.ts";
import { answerFile, type StaticFolder } from "./file-answer.ts";
import { FIRST_INDEX, findIndex, type Located, locate } from "./folder-files.ts";
import { FolderListings } from "./folder-listings.ts";
import { ShortFiles } from "./short-files.ts";

/** Serves a folder, which may be made later: until then every request is answered with 404. */
export function openStatic({ directory, options }: StaticServiceConfig): WebService {
  const headers = crossOriginHeaders(options.allow_cross_origin);
  const files = new ShortFiles(directory);
  const listings = new FolderListings();
  const folder: StaticFolder = { directory, options, headers, files, listings };
  const refuse = (thrown: unknown) => refusalOf(thrown, headers);
  return {
    isReadOnly: true,
    isCrossOrigin: options.allow_cross_origin,
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
function refusalOf(thrown: unknown, headers: StaticFolder["headers"]): HttpAnswer {
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
  const kept = folder.files.get(path, request.headers);
  if (kept !== undefined) return answerWith(kept, request);
  return isFolderRequested
    ? answerFolder(folder, request, { subpath, keptAs: path })
    : answerPath(folder, request, path);
}

function answerPath(
  folder: StaticFolder,
  request: HttpRequest,
  path: string,
): HttpAnswer | Promise<HttpAnswer> {
  const found = locate(folder.directory, path);
  if (found?.stats.isDirectory()) return redirectToFolder(request.url, folder);
  return found?.stats.isFile()
    ? answerFile(folder, found, request, { keptAs: path })
    : answerMissing(folder, request);
}

/** Answers for a folder with its index, or a list of what is in it. */
function answerFolder(
  folder: StaticFolder,
  request: HttpRequest,
  { subpath, keptAs }: { subpath: string; keptAs: string },
): HttpAnswer | Promise<HttpAnswer> {
  const { directory, options } = folder;
  // Not the slash of `//`, which stands for a folder without a name.
  const found = locate(directory, subpath.replace(/(?<=.)\/$/, ""));
  if (!found?.stats.isDirectory()) return answerMissing(folder, request);
  const index = findIndex(directory, found.path);
  if (index !== undefined) {
    const isFirst = basename(index.path) === FIRST_INDEX;
    return answerFile(folder, index, request, { keptAs: isFirst ? keptAs : null });
  }
  return options.enable_directory_listing
    ? answerListing(found, folder)
    : answerMissing(folder, request);
}

/** The default file: what is missing today may be there tomorrow, so that clients ask again. */
function answerMissing(
  folder: StaticFolder,
  request: HttpRequest,
): HttpAnswer | Promise<HttpAnswer> {
  const { directory, options, headers } = folder;
  const name = options.default_file;
  const found =
    name === null ? undefined : locate(directory, relative(directory, resolve(directory, name)));
  return found?.stats.isFile()
    ? answerFile(folder, found, request, { keptAs: null, caching: "no-cache" })
    : errorPage(404, headers);
}

function redirectToFolder(url: HttpRequest["url"], { headers }: StaticFolder): HttpAnswer {
  // Relative to the folder above, so that it is right behind any other proxy.
  const last = url.pathname.slice(url.pathname.lastIndexOf("/") + 1);
  const location = `./${last}/${url.search}`;
  return { status: 302, headers: { Location: location, ...headers }, body: Buffer.alloc(0) };
}

async function answerListing(
  found: Located,
  { headers, listings }: StaticFolder,
): Promise<HttpAnswer> {
  const body = await listings.pageFor(found);
  return {
    status: 200,
    headers: { ...PAGE_HEADERS, "Cache-Control": "no-cache", ...headers },
    body,
  };
}
