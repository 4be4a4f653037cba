/**
 * unpackArchive: unzips the files of an archive that are served, into memory.
 *
 * @module
 */

import {
  NO_ZIP,
  readZipDirectory,
  type ZipDirectory,
  type ZipMember,
} from "#base/zip-directory.ts";
import type { ArchiveServiceConfig } from "#config/web-service/web-service-config.ts";
import type { Logger } from "#observe/logger.ts";
import { type CodedContent, contentWith } from "#transport/web/coded-content.ts";
import { crossOriginHeaders } from "#transport/web/cross-origin.ts";
import { isCompressible, isGzippedByName, mediaTypeOf } from "#transport/web/media-type.ts";
import { unusable } from "./archive-source.ts";
import { gzippedMember, unzipMember } from "./unzip-member.ts";

/** `max-age` of the files of an archive with `cache`. */
const CACHE_SECONDS = 43_200;

/** A file, or the status that answers a request for one that cannot be served. */
export type ServedFile = CodedContent | 500 | 501;

/** What is served of an archive. */
export interface ArchiveContents {
  files: ReadonlyMap<string, ServedFile>;
  /** Served for what is missing. */
  fallback: ServedFile | undefined;
}

/** Why a file is not served. */
interface Fault {
  member: ZipMember;
  reason: string;
}

/**
 * Unzips everything below the prefix. Files that are damaged or cannot be read are logged, and the others
 * are served, as in Crossbar.
 *
 * @throws Failure when it is no ZIP archive.
 */
export async function unpackArchive(
  config: ArchiveServiceConfig,
  octets: Uint8Array<ArrayBuffer>,
  log: Logger,
  maxOctets: number,
): Promise<ArchiveContents> {
  const directory = readZipDirectory(octets);
  if (directory === null) throw unusable(config, NO_ZIP);
  const contents = new ContentsBuilder(config);
  const faults: Fault[] = [];
  let total = 0;
  for (const member of directory.members.filter((one) => contents.namesOf(one).length > 0)) {
    const tooMuch =
      total + member.size > maxOctets
        ? `with it the files take more than ${maxOctets} octets`
        : null;
    const unzipped = member.fault ?? tooMuch ?? (await unzipMember(octets, directory, member));
    if (typeof unzipped === "string") {
      faults.push({ member, reason: unzipped });
      contents.addFault(member);
    } else {
      total += unzipped.length;
      await contents.add(member, unzipped, { octets, directory });
    }
  }
  logFaults(config.archive, faults, log);
  logMissing(config, contents, log);
  return contents;
}

/** Logs that nothing is served, or no default file for what is missing. */
function logMissing(
  { archive, options: { default_file } }: ArchiveServiceConfig,
  { files, fallback, prefix }: ContentsBuilder,
  log: Logger,
): void {
  if (files.size === 0) log.warn("archive has no files", { archive, prefix });
  else if (default_file !== null && fallback === undefined) {
    log.warn("archive has no default file", { archive, prefix, default_file });
  }
}

/** Logs the files that cannot be served, with one line for each reason. */
function logFaults(archive: string, faults: readonly Fault[], log: Logger): void {
  const byReason = Map.groupBy(faults, ({ reason }) => reason);
  for (const [reason, [first, ...more]] of byReason) {
    const facts = { archive, file: first?.member.name, more: more.length, reason };
    log.warn("file of an archive not served", facts);
  }
}

/** Where a member comes from. */
interface MemberSource {
  octets: Uint8Array;
  directory: ZipDirectory;
}

/** Collects the files by the names that requests have. */
class ContentsBuilder implements ArchiveContents {
  readonly files = new Map<string, ServedFile>();
  fallback: ServedFile | undefined;
  readonly prefix: string;
  readonly #config: ArchiveServiceConfig;
  /** Names that are one of two readings of their octets; a file that has such a name without doubt replaces it. */
  readonly #doubtful = new Set<string>();

  constructor(config: ArchiveServiceConfig) {
    this.#config = config;
    this.prefix = config.object_prefix;
  }

  /** The names below the prefix; none: the file is not served. */
  namesOf({ name, otherName }: ZipMember): string[] {
    return [name, otherName ?? name].filter(
      (one) => one.startsWith(this.prefix) && !one.endsWith("/"),
    );
  }

  addFault(member: ZipMember): void {
    const status = member.fault === null ? 500 : 501;
    this.#set(member, status, status);
  }

  async add(member: ZipMember, octets: Uint8Array, source: MemberSource): Promise<void> {
    const headers = this.#headersOf(member.name, octets);
    const isWorthIt =
      isCompressible(headers["Content-Type"] ?? "") && headers["Content-Encoding"] === undefined;
    const gzipped = isWorthIt ? await gzippedMember(source.octets, source.directory, member) : null;
    // What is missing today may be there tomorrow, so that clients ask again.
    const asFallback = { ...headers, "Cache-Control": "no-cache" };
    const { default_file } = this.#config.options;
    const isFallback =
      default_file !== null && this.namesOf(member).includes(this.prefix + default_file);
    const content = contentWith(octets, gzipped, headers);
    this.#set(member, content, isFallback ? contentWith(octets, gzipped, asFallback) : undefined);
  }

  #headersOf(name: string, octets: Uint8Array): Record<string, string> {
    const { mime_types, cache, options } = this.#config;
    const headers: Record<string, string> = {
      "Content-Type": mediaTypeOf(name, mime_types),
      "Cache-Control": cache ? `public, max-age=${CACHE_SECONDS}` : "no-cache",
      ...crossOriginHeaders(options.allow_cross_origin),
    };
    const isGzip = octets[0] === 0x1f && octets[1] === 0x8b;
    if (isGzip && isGzippedByName(name)) headers["Content-Encoding"] = "gzip";
    return headers;
  }

  #set(member: ZipMember, file: ServedFile, fallback: ServedFile | undefined): void {
    for (const name of this.namesOf(member)) {
      const below = name.slice(this.prefix.length);
      const isDoubtful = name !== member.name;
      if (isDoubtful && this.files.has(below) && !this.#doubtful.has(below)) continue;
      if (isDoubtful) this.#doubtful.add(below);
      else this.#doubtful.delete(below);
      this.files.set(below, file);
      if (below === this.#config.options.default_file) this.fallback = fallback;
    }
  }
}
