/**
 * `type: archive`: the files of a ZIP archive, unzipped once into memory.
 *
 * @module
 */

import { unzipSync } from "fflate";
import { Failure, sentenceOf } from "#base/failure.ts";
import type { ArchiveServiceConfig } from "#config/node-config.ts";
import type { TransportContext } from "#transport/listener.ts";
import { answerWith, type Representation } from "#transport/web/conditional-request.ts";
import { errorPage, refuseOtherMethods } from "#transport/web/error-page.ts";
import { isGzippedByName, mediaTypeOf } from "#transport/web/media-type.ts";
import type { WebService } from "#transport/web/web-service.ts";
import { downloadArchive, keepArchive, readArchive, unusable } from "./archive-source.ts";

/** Most that an archive may hold once it is unzipped, in octets. */
const largestContents = 256 * 1024 * 1024;

/** Seconds for which clients may keep files of an archive with `cache`. */
const cacheSeconds = 43_200;

/** Waits before another download: the first, and the longest that doubling leads to. */
const firstRetry = 5_000;
const longestRetry = 300_000;

type Contents = Map<string, Representation>;

/**
 * Opens an archive for serving; while its origin cannot be reached it answers 503 and goes on trying.
 *
 * @throws Failure when the archive is there but cannot be used, or is missing for good.
 */
export async function openArchive(
  config: ArchiveServiceConfig,
  context: Pick<TransportContext, "log">,
  retryAfter = firstRetry,
): Promise<WebService> {
  const octets = await readArchive(config);
  if (octets) {
    const contents = unpack(config, octets);
    return { handle: (request, rest) => answer(config, contents, request, rest) };
  }
  const arrival = new ArchiveArrival(config, context, retryAfter);
  await arrival.tryOnce();
  return {
    handle: (request, rest) => answer(config, arrival.contents, request, rest),
    close: () => arrival.stop(),
  };
}

/** An archive that is downloaded: from the first try until it has come. */
class ArchiveArrival {
  contents: Contents | undefined;
  readonly #config: ArchiveServiceConfig;
  readonly #context: Pick<TransportContext, "log">;
  readonly #stopped = new AbortController();
  #delay: number;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(config: ArchiveServiceConfig, context: Pick<TransportContext, "log">, delay: number) {
    this.#config = config;
    this.#context = context;
    this.#delay = delay;
  }

  /** Downloads, unzips and keeps the archive, or plans another try. */
  async tryOnce(): Promise<void> {
    const download = await downloadArchive(this.#config, this.#stopped.signal);
    if (this.#stopped.signal.aborted) return;
    if (download.kind === "unavailable") {
      this.#planRetry(download.reason);
      return;
    }
    // Unzipped first, so that what is no archive never becomes the file.
    const contents = unpack(this.#config, download.octets);
    await keepArchive(this.#config, download.octets);
    this.contents = contents;
    this.#context.log.info("archive downloaded", { archive: this.#config.archive });
  }

  stop(): void {
    this.#stopped.abort();
    clearTimeout(this.#timer);
  }

  #planRetry(reason: string): void {
    const { archive, origin } = this.#config;
    const seconds = this.#delay / 1000;
    this.#context.log.warn("archive not downloaded", { archive, origin, reason, retry_s: seconds });
    this.#timer = setTimeout(() => void this.#retry(), this.#delay);
    this.#timer.unref();
    this.#delay = Math.min(this.#delay * 2, longestRetry);
  }

  async #retry(): Promise<void> {
    try {
      await this.tryOnce();
    } catch (thrown) {
      // The node runs by now: a bad archive is told in the log, and the path stays at 503.
      this.#planRetry(sentenceOf(thrown));
    }
  }
}

function answer(
  config: ArchiveServiceConfig,
  contents: Contents | undefined,
  request: Request,
  rest: string,
): Response {
  const refusal = refuseOtherMethods(request);
  if (refusal) return refusal;
  if (!contents) return errorPage(503, { "Retry-After": "30" });
  const isFolder = rest === "" || rest.endsWith("/");
  const name = isFolder ? rest + (config.default_object ?? "") : rest;
  const file = contents.get(name);
  return file ? answerWith(file, request) : errorPage(404);
}

/** Unzips everything below the prefix, after its size was found bearable. */
function unpack(config: ArchiveServiceConfig, octets: Uint8Array<ArrayBuffer>): Contents {
  const prefix = config.object_prefix ? `${config.object_prefix.replace(/\/+$/, "")}/` : "";
  const contents: Contents = new Map();
  try {
    checkContentsSize(config, octets, prefix);
    const files = unzipSync(octets, { filter: ({ name }) => isServed(name, prefix) });
    for (const [name, file] of Object.entries(files)) {
      contents.set(name.slice(prefix.length), representationOf(config, name, file));
    }
  } catch (thrown) {
    if (thrown instanceof Failure) throw thrown;
    throw unusable(config, "it is not a ZIP file that can be unzipped", thrown);
  }
  if (contents.size === 0) {
    throw unusable(config, prefix === "" ? "it has no files" : `it has no files below "${prefix}"`);
  }
  return contents;
}

function isServed(name: string, prefix: string): boolean {
  return name.startsWith(prefix) && !name.endsWith("/");
}

/** Adds up the sizes that the archive's own directory names, before anything is unzipped. */
function checkContentsSize(config: ArchiveServiceConfig, octets: Uint8Array, prefix: string): void {
  let total = 0;
  unzipSync(octets, {
    filter({ name, originalSize }) {
      if (isServed(name, prefix)) total += originalSize;
      return false;
    },
  });
  if (total > largestContents) {
    throw unusable(config, `it holds ${total} octets, and ${largestContents} is the most`);
  }
}

function representationOf(
  config: ArchiveServiceConfig,
  name: string,
  unzipped: Uint8Array,
): Representation {
  // A stored member is a view of the whole archive, which need not stay in memory for it.
  const octets = new Uint8Array(unzipped);
  const headers: Record<string, string> = {
    "Content-Type": mediaTypeOf(name, config.mime_types),
    "Cache-Control": config.cache ? `public, max-age=${cacheSeconds}` : "no-cache",
  };
  const isGzip = octets[0] === 0x1f && octets[1] === 0x8b;
  if (isGzip && isGzippedByName(name)) headers["Content-Encoding"] = "gzip";
  return {
    size: octets.length,
    etag: `"${Bun.CryptoHasher.hash("sha256", octets, "hex").slice(0, 32)}"`,
    headers,
    slice: (start, end) => octets.subarray(start, end),
  };
}
