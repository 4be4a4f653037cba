/**
 * `type: static`: the files below a folder, never outside of it, and never a dotfile or a node's private key.
 *
 * @module
 */

import { realpathSync, type Stats, statSync } from "node:fs";
import { basename, join, relative, resolve, sep } from "node:path";
import { Failure } from "#base/failure.ts";
import type { StaticServiceConfig } from "#config/node-config.ts";
import { answerWith } from "#transport/web/conditional-request.ts";
import { errorPage, refuseOtherMethods } from "#transport/web/error-page.ts";
import { mediaTypeOf } from "#transport/web/media-type.ts";
import { urlOf } from "#transport/web/request-url.ts";
import type { WebService } from "#transport/web/web-service.ts";
import { isShownName, listDirectory } from "./directory-listing.ts";

const indexNames = ["index.html", "index.htm", "index"];

/** Opens a folder for serving. */
export function openStatic(config: StaticServiceConfig): WebService {
  const root = realFolder(config.directory);
  return {
    // Nothing here waits: Bun 1.4 answers none of several requests that came in one segment when
    // the first answer is a promise.
    handle(request, rest) {
      const refusal = refuseOtherMethods(request);
      if (refusal) return refusal;
      const url = urlOf(request);
      if (url === null) return errorPage(400);
      const isFolderAsked = url.pathname.endsWith("/");
      const found = locate(root, rest.replace(/\/$/, ""));
      if (found?.stats.isDirectory()) {
        if (!isFolderAsked) return redirectToFolder(url);
        const index = findIndex(root, found.file);
        if (index) return answerFile(index, config, request);
        if (config.options.enable_directory_listing) return answerListing(found.file, request);
      }
      if (found?.stats.isFile() && !isFolderAsked) return answerFile(found, config, request);
      const spare = config.options.default_file;
      const instead =
        spare === null ? undefined : locate(root, relative(root, resolve(root, spare)));
      return instead?.stats.isFile() ? answerFile(instead, config, request) : errorPage(404);
    },
  };
}

interface Located {
  /** The real file name, links resolved. */
  file: string;
  stats: Stats;
}

function realFolder(directory: string): string {
  const refused = (state: string, cause?: unknown) =>
    new Failure(`Cannot serve folder "${directory}": ${state}`, { source: "config", cause });
  let root: string;
  let stats: Stats;
  try {
    root = realpathSync(directory);
    stats = statSync(root);
  } catch (thrown) {
    const isMissing = thrown instanceof Error && "code" in thrown && thrown.code === "ENOENT";
    throw refused(isMissing ? "no such folder" : "it cannot be read", thrown);
  }
  if (!stats.isDirectory()) throw refused("it is not a folder");
  return root;
}

/** Finds what a decoded path names; undefined when nothing is there that may be shown. */
function locate(root: string, path: string): Located | undefined {
  if (path !== "" && !path.split("/").every(isShownName)) return undefined;
  try {
    const file = realpathSync(join(root, path));
    // A link may lead anywhere, so the place where it ends is judged as well.
    const below = relative(root, file);
    if (below !== "" && !below.split(sep).every(isShownName)) return undefined;
    return { file, stats: statSync(file) };
  } catch {
    // Missing, no right to read, a file where a folder should be: all the same to a client.
    return undefined;
  }
}

function findIndex(root: string, folder: string): Located | undefined {
  for (const name of indexNames) {
    const index = locate(root, join(relative(root, folder), name));
    if (index?.stats.isFile()) return index;
  }
  return undefined;
}

function redirectToFolder(url: URL): Response {
  // Relative to the folder above, so that it holds behind any other proxy.
  const last = url.pathname.slice(url.pathname.lastIndexOf("/") + 1);
  const headers = { Location: `./${last}/${url.search}`, "Content-Length": "0" };
  return new Response(null, { status: 302, headers });
}

function answerFile(found: Located, config: StaticServiceConfig, request: Request): Response {
  const { file, stats } = found;
  const { mime_types, cache_timeout } = config.options;
  const name = basename(file);
  const type = name === "index" ? "text/html; charset=utf-8" : mediaTypeOf(name, mime_types);
  const headers: Record<string, string> = { "Content-Type": type };
  if (cache_timeout !== null) headers["Cache-Control"] = `public, max-age=${cache_timeout}`;
  const content = {
    size: stats.size,
    etag: `"${stats.size.toString(16)}-${Math.floor(stats.mtimeMs * 1000).toString(16)}"`,
    lastModified: stats.mtime,
    headers,
    slice: (start: number, end: number) => Bun.file(file).slice(start, end),
  };
  return answerWith(content, request);
}

function answerListing(folder: string, request: Request): Response {
  const octets = new TextEncoder().encode(listDirectory(folder));
  return new Response(request.method === "HEAD" ? null : octets, {
    headers: {
      "Content-Type": "text/html; charset=utf-8",
      "Content-Length": String(octets.length),
      "Cache-Control": "no-cache",
      "X-Content-Type-Options": "nosniff",
    },
  });
}
