/**
 * `type: archive`: serves the files of a ZIP archive, which is unzipped into memory once.
 *
 * @module
 */

import { sentenceOf } from "#base/failure.ts";
import type { ArchiveServiceConfig } from "#config/web-service/web-service-config.ts";
import type { Logger } from "#observe/logger.ts";
import type { HttpAnswer } from "#transport/http/http-answer.ts";
import type { HttpRequest } from "#transport/http/http-request.ts";
import type { TransportContext } from "#transport/listener.ts";
import {
  answerWith,
  type Representation,
  representationOf,
} from "#transport/web/conditional-request.ts";
import { errorPage } from "#transport/web/error-page.ts";
import { isGzippedByName, mediaTypeOf } from "#transport/web/media-type.ts";
import type { WebService } from "#transport/web/web-service.ts";
import { type ArchiveMember, readDirectory } from "./archive-directory.ts";
import { unzipMember } from "./archive-member.ts";
import {
  downloadArchive,
  keepArchive,
  readArchive,
  TOO_LARGE,
  unusable,
} from "./archive-source.ts";

/** Most octets of an archive's files when they are unzipped. */
const MAX_CONTENT_OCTETS = 256 * 1024 * 1024;

/** `max-age` of the files of an archive with `cache`. */
const CACHE_SECONDS = 43_200;

/** The first delay before another download; it doubles up to the longest. */
const FIRST_RETRY_MS = 5_000;
const LONGEST_RETRY_MS = 300_000;

const NO_ZIP = "it is not a ZIP file that can be unzipped";

/** The files by name, or the status that answers a request for one that cannot be served. */
type Contents = Map<string, Representation | 500 | 501>;

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
  const octets = await readArchive(config);
  if (octets) {
    if (octets === "too large") {
      context.log.warn("archive not served", { archive: config.archive, reason: TOO_LARGE });
      return { isReadOnly: true, handle: () => errorPage(500) };
    }
    const contents = await unpack(config, octets, context.log, maxContentOctets);
    return {
      isReadOnly: true,
      handle: (request, subpath) => answer(config, contents, request, subpath),
    };
  }
  const download = new ArchiveDownload(config, context, retryMs);
  await download.tryOnce();
  return {
    isReadOnly: true,
    handle: (request, subpath) => answer(config, download.contents, request, subpath),
    close: () => download.stop(),
  };
}

/** The download of an archive, with its retries. */
class ArchiveDownload {
  /** Undefined until the archive has been downloaded. */
  contents: Contents | undefined;
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
    const contents = await unpack(
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
  contents: Contents | undefined,
  request: HttpRequest,
  subpath: string,
): HttpAnswer {
  if (!contents) return errorPage(503, { "Retry-After": "30" });
  const isFolder = subpath === "" || subpath.endsWith("/");
  const name = isFolder ? subpath + (config.default_object ?? "") : subpath;
  const file = contents.get(name);
  if (file === undefined) return errorPage(404);
  return typeof file === "number" ? errorPage(file) : answerWith(file, request);
}

/**
 * Unzips everything below the prefix. Files that are damaged or cannot be read are logged, and the others
 * are served, as in Crossbar.
 */
async function unpack(
  config: ArchiveServiceConfig,
  octets: Uint8Array<ArrayBuffer>,
  log: Logger,
  maxOctets: number,
): Promise<Contents> {
  const { archive } = config;
  const prefix = config.object_prefix ? `${config.object_prefix.replace(/\/+$/, "")}/` : "";
  const directory = readDirectory(octets);
  if (directory === null) throw unusable(config, NO_ZIP);
  const contents: Contents = new Map();
  const faults: Fault[] = [];
  let total = 0;
  for (const member of directory.members.filter(({ name }) => isServed(name, prefix))) {
    const tooMuch =
      total + member.size > maxOctets
        ? `with it the files take more than ${maxOctets} octets`
        : null;
    const unzipped = member.fault ?? tooMuch ?? (await unzipMember(octets, directory, member));
    const name = member.name.slice(prefix.length);
    if (typeof unzipped === "string") {
      faults.push({ member, reason: unzipped });
      contents.set(name, member.fault === null ? 500 : 501);
    } else {
      total += unzipped.length;
      contents.set(name, fileOf(config, member.name, unzipped));
    }
  }
  logFaults(archive, faults, log);
  if (contents.size === 0) log.warn("archive has no files", { archive, prefix });
  return contents;
}

/** Why a file is not served. */
interface Fault {
  member: ArchiveMember;
  reason: string;
}

function isServed(name: string, prefix: string): boolean {
  return name.startsWith(prefix) && !name.endsWith("/");
}

/** Logs the files that cannot be served, with one line for each reason. */
function logFaults(archive: string, faults: readonly Fault[], log: Logger): void {
  const byReason = Map.groupBy(faults, ({ reason }) => reason);
  for (const [reason, [first, ...more]] of byReason) {
    const facts = { archive, file: first?.member.name, more: more.length, reason };
    log.warn("file of an archive not served", facts);
  }
}

function fileOf(config: ArchiveServiceConfig, name: string, octets: Uint8Array): Representation {
  const headers: Record<string, string> = {
    "Content-Type": mediaTypeOf(name, config.mime_types),
    "Cache-Control": config.cache ? `public, max-age=${CACHE_SECONDS}` : "no-cache",
  };
  const isGzip = octets[0] === 0x1f && octets[1] === 0x8b;
  if (isGzip && isGzippedByName(name)) headers["Content-Encoding"] = "gzip";
  return representationOf(octets, headers);
}
