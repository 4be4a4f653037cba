/**
 * `type: archive`: serves the files of a ZIP archive, which is unzipped into memory once.
 *
 * @module
 */

import { sentenceOf } from "#base/failure.ts";
import { ZIP_TOO_LARGE } from "#base/zip-directory.ts";
import type { ArchiveServiceConfig } from "#config/web-service/web-service-config.ts";
import type { HttpAnswer } from "#transport/http/http-answer.ts";
import type { HttpRequest } from "#transport/http/http-request.ts";
import type { TransportContext } from "#transport/listener.ts";
import { answerInCoding } from "#transport/web/coded-content.ts";
import { crossOriginHeaders } from "#transport/web/cross-origin.ts";
import { type ErrorStatus, errorPage } from "#transport/web/error-page.ts";
import type { WebService } from "#transport/web/web-service.ts";
import { type ArchiveContents, unpackArchive } from "./archive-contents.ts";
import { downloadArchive, keepArchive, readArchive } from "./archive-source.ts";

/** Most octets of an archive's files when they are unzipped. */
const MAX_CONTENT_OCTETS = 256 * 1024 * 1024;

/** The first delay before another download; it doubles up to the longest. */
const FIRST_RETRY_MS = 5_000;
const LONGEST_RETRY_MS = 300_000;

/**
 * Opens an archive; answers 503 and retries while it cannot be downloaded, and 500 where its file is too large.
 *
 * @throws Failure when the archive cannot be used, or is missing and not to be downloaded.
 */
export async function openArchive(
  config: ArchiveServiceConfig,
  context: Pick<TransportContext, "log">,
  retryMs = FIRST_RETRY_MS,
  maxContentOctets = MAX_CONTENT_OCTETS,
): Promise<WebService> {
  const isCrossOrigin = config.options.allow_cross_origin;
  const octets = await readArchive(config);
  if (octets === "too large") {
    context.log.warn("archive not served", { archive: config.archive, reason: ZIP_TOO_LARGE });
    return { isReadOnly: true, isCrossOrigin, handle: () => page(500, config) };
  }
  if (octets) {
    const contents = await unpackArchive(config, octets, context.log, maxContentOctets);
    return {
      isReadOnly: true,
      isCrossOrigin,
      handle: (request, subpath) => answer(config, contents, request, subpath),
    };
  }
  const download = new ArchiveDownload(config, context, retryMs);
  await download.tryOnce();
  return {
    isReadOnly: true,
    isCrossOrigin,
    handle: (request, subpath) => answer(config, download.contents, request, subpath),
    close: () => download.stop(),
  };
}

/** The download of an archive, with its retries. */
class ArchiveDownload {
  /** Undefined until the archive has been downloaded. */
  contents: ArchiveContents | undefined;
  readonly #config: ArchiveServiceConfig;
  readonly #context: Pick<TransportContext, "log">;
  readonly #stopped = new AbortController();
  #retryMs: number;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    config: ArchiveServiceConfig,
    context: Pick<TransportContext, "log">,
    retryMs: number,
  ) {
    this.#config = config;
    this.#context = context;
    this.#retryMs = retryMs;
  }

  /** Downloads, unzips and stores the archive, or schedules a retry. */
  async tryOnce(): Promise<void> {
    const download = await downloadArchive(this.#config, this.#stopped.signal);
    if (this.#stopped.signal.aborted) return;
    if (download.kind === "unavailable") {
      this.#scheduleRetry(download.reason);
      return;
    }
    // Unzipped first, so that a malformed archive is never stored.
    const contents = await unpackArchive(
      this.#config,
      download.octets,
      this.#context.log,
      MAX_CONTENT_OCTETS,
    );
    if (this.#stopped.signal.aborted) return;
    await keepArchive(this.#config, download.octets);
    this.contents = contents;
    this.#context.log.info("archive downloaded", { archive: this.#config.archive });
  }

  stop(): void {
    this.#stopped.abort();
    clearTimeout(this.#timer);
  }

  #scheduleRetry(reason: string): void {
    const { archive, origin } = this.#config;
    const seconds = this.#retryMs / 1000;
    this.#context.log.warn("archive not downloaded", { archive, origin, reason, retry_s: seconds });
    this.#timer = setTimeout(() => void this.#retry(), this.#retryMs);
    this.#timer.unref();
    this.#retryMs = Math.min(this.#retryMs * 2, LONGEST_RETRY_MS);
  }

  async #retry(): Promise<void> {
    try {
      await this.tryOnce();
    } catch (thrown) {
      // The node already runs, so a bad archive is logged and the path goes on answering 503.
      this.#scheduleRetry(sentenceOf(thrown));
    }
  }
}

function answer(
  config: ArchiveServiceConfig,
  contents: ArchiveContents | undefined,
  request: HttpRequest,
  subpath: string,
): HttpAnswer {
  if (!contents) return page(503, config, { "Retry-After": "30" });
  const isFolder = subpath === "" || subpath.endsWith("/");
  const name = isFolder ? subpath + config.default_object : subpath;
  const file = contents.files.get(name) ?? contents.fallback;
  if (file === undefined) return page(404, config);
  return typeof file === "number" ? page(file, config) : answerInCoding(file, request);
}

function page(
  status: ErrorStatus,
  { options }: ArchiveServiceConfig,
  headers: Record<string, string> = {},
): HttpAnswer {
  return errorPage(status, { ...headers, ...crossOriginHeaders(options.allow_cross_origin) });
}
