/**
 * `type: static`: serves the files below a folder that are shown.
 *
 * @module
 */

import { realpathSync } from "node:fs";
import { basename, relative, resolve } from "node:path";
import { errorCodeOf } from "#base/failure.ts";
import type { StaticServiceConfig } from "#config/web-service/web-service-config.ts";
import { isOutOfDescriptors } from "#transport/endpoint/descriptors.ts";
import type { HttpAnswer } from "#transport/http/http-answer.ts";
import type { HttpRequest } from "#transport/http/http-request.ts";
import { answerWith } from "#transport/web/conditional-request.ts";
import { codingsFor } from "#transport/web/content-coding.ts";
import { crossOriginHeaders } from "#transport/web/cross-origin.ts";
import { errorPage } from "#transport/web/error-page.ts";
import type { WebService } from "#transport/web/web-service.ts";
import { listDirectory } from "./directory-listing.ts";
import { answerFile, type StaticFolder } from "./file-answer.ts";
import { FIRST_INDEX, findIndex, isShownName, locate } from "./folder-files.ts";
import { ShortFiles } from "./short-files.ts";

type Options = StaticServiceConfig["options"];

/** Serves a folder, which may be made later: until then every request is answered with 404. */
export function openStatic({ directory, options }: StaticServiceConfig): WebService {
  let root: string | undefined;
  const files = new ShortFiles();
  const refuse = (thrown: unknown) => refusalOf(thrown, options);
  return {
    isReadOnly: true,
    isCrossOrigin: options.allow_cross_origin,
    handle(request, subpath) {
      try {
        root ??= realpathSync(directory);
        const given = answer({ root, options, files }, request, subpath);
        return given instanceof Promise ? given.catch(refuse) : given;
      } catch (thrown) {
        return refuse(thrown);
      }
    },
  };
}

/** The answer where the system does not give the file. */
function refusalOf(thrown: unknown, options: Options): HttpAnswer {
  const headers = crossOriginHeaders(options.allow_cross_origin);
  if (isOutOfDescriptors(thrown)) return errorPage(503, { "Retry-After": "1", ...headers });
  // The folder is not there yet, or the file was removed since it was found, or is not to be read.
  if (errorCodeOf(thrown) !== undefined) return errorPage(404, headers);
  throw thrown;
}

function answer(
  folder: StaticFolder,
  request: HttpRequest,
  subpath: string,
): HttpAnswer | Promise<HttpAnswer> {
  const { root, options, files } = folder;
  const { url } = request;
  const isFolderRequested = url.pathname.endsWith("/");
  const path = `${root}/${subpath}${isFolderRequested ? FIRST_INDEX : ""}`;
  const kept = files.get(path, codingsFor(request.headers.get("accept-encoding")));
  if (kept !== undefined) return answerWith(kept, request);
  const found = locate(root, subpath.replace(/\/$/, ""));
  if (found?.stats.isDirectory()) {
    if (!isFolderRequested) return redirectToFolder(url, options);
    const index = findIndex(root, found.file);
    const keptAs = index && basename(index.path) === FIRST_INDEX ? path : null;
    if (index) return answerFile(folder, index, request, { keptAs });
    if (options.enable_directory_listing) return answerListing(found.file, options);
  }
  if (found?.stats.isFile() && !isFolderRequested) {
    return answerFile(folder, found, request, { keptAs: path });
  }
  return answerMissing(folder, request);
}

/** The default file: what is missing today may be there tomorrow, so that clients ask again. */
function answerMissing(
  folder: StaticFolder,
  request: HttpRequest,
): HttpAnswer | Promise<HttpAnswer> {
  const { root, options } = folder;
  const name = options.default_file;
  const found = name === null ? undefined : locate(root, relative(root, resolve(root, name)));
  return found?.stats.isFile()
    ? answerFile(folder, found, request, { keptAs: null, caching: "no-cache" })
    : errorPage(404, crossOriginHeaders(options.allow_cross_origin));
}

function redirectToFolder(url: HttpRequest["url"], options: Options): HttpAnswer {
  // Relative to the folder above, so that it is right behind any other proxy.
  const last = url.pathname.slice(url.pathname.lastIndexOf("/") + 1);
  const headers = {
    Location: `./${last}/${url.search}`,
    ...crossOriginHeaders(options.allow_cross_origin),
  };
  return { status: 302, headers, body: Buffer.alloc(0) };
}

function answerListing(folder: string, options: Options): HttpAnswer {
  const octets = new TextEncoder().encode(listDirectory(folder, isShownName));
  return {
    status: 200,
    headers: {
      "Content-Type": "text/html; charset=utf-8",
      "Cache-Control": "no-cache",
      "X-Content-Type-Options": "nosniff",
      ...crossOriginHeaders(options.allow_cross_origin),
    },
    body: octets,
  };
}
