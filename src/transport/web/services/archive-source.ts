/**
 * Reads an archive from its file, or downloads it from `origin` when the file is missing; checks `hashes`.
 *
 * @module
 */

import { randomUUID } from "node:crypto";
import { readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { errorCodeOf, Failure, sentenceOf } from "#base/failure.ts";
import { MAX_ZIP_OCTETS, ZIP_TOO_LARGE } from "#base/zip-directory.ts";
import type { ArchiveServiceConfig } from "#config/web-service/web-service-config.ts";

/** Time for a whole download. */
const DOWNLOAD_TIMEOUT_MS = 10_000;

/** The outcome of a download: the octets, or why there are none yet. */
export type Download =
  | { kind: "received"; octets: Uint8Array<ArrayBuffer> }
  | { kind: "unavailable"; reason: string };

/**
 * Reads the archive's file; undefined when there is no such file and it may be downloaded.
 *
 * @throws Failure when it is missing and not to be downloaded, unreadable or of a wrong hash.
 */
export async function readArchive(
  config: ArchiveServiceConfig,
): Promise<Uint8Array<ArrayBuffer> | "too large" | undefined> {
  let octets: Uint8Array<ArrayBuffer>;
  try {
    const { size } = await stat(config.archive);
    if (size > MAX_ZIP_OCTETS) return "too large";
    octets = new Uint8Array(await readFile(config.archive));
  } catch (thrown) {
    if (errorCodeOf(thrown) !== "ENOENT") throw unusable(config, sentenceOf(thrown), thrown);
    if (config.download && config.origin !== null) return undefined;
    throw unusable(config, "no such file, and it is not set to be downloaded", thrown);
  }
  checkHash(config, octets);
  return octets;
}

/**
 * Downloads the archive from its origin and checks its hash; writes no file.
 *
 * @throws Failure when its hash is not among the configured ones.
 */
export async function downloadArchive(
  config: ArchiveServiceConfig,
  stopped: AbortSignal,
  timeoutMs = DOWNLOAD_TIMEOUT_MS,
): Promise<Download> {
  let octets: Uint8Array<ArrayBuffer>;
  try {
    const signal = AbortSignal.any([stopped, AbortSignal.timeout(timeoutMs)]);
    const response = await fetch(config.origin ?? "", { signal });
    if (response.status !== 200) {
      await response.body?.cancel();
      return { kind: "unavailable", reason: `it answered with status ${response.status}` };
    }
    octets = await readBounded(response);
  } catch (thrown) {
    return { kind: "unavailable", reason: sentenceOf(thrown) };
  }
  checkHash(config, octets);
  return { kind: "received", octets };
}

/**
 * Stores a downloaded archive as its file, whole or not at all.
 *
 * @throws Failure when it cannot be written.
 */
export async function keepArchive(
  config: ArchiveServiceConfig,
  octets: Uint8Array<ArrayBuffer>,
): Promise<void> {
  // Several workers may download at once: each writes a file of its own, and the last rename wins.
  const temporary = `${config.archive}.${randomUUID()}.part`;
  try {
    await writeFile(temporary, octets, { flag: "wx" });
    await rename(temporary, config.archive);
  } catch (thrown) {
    await rm(temporary, { force: true });
    throw new Failure(`Cannot write archive "${config.archive}": ${sentenceOf(thrown)}`, {
      source: "config",
      cause: thrown,
    });
  }
}

/** The Failure for an archive that cannot be used; `state` says why. */
export function unusable(config: ArchiveServiceConfig, state: string, cause?: unknown): Failure {
  return new Failure(`Cannot serve archive "${config.archive}": ${state}`, {
    source: "config",
    cause,
  });
}

function checkHash(config: ArchiveServiceConfig, octets: Uint8Array<ArrayBuffer>): void {
  if (config.hashes.length === 0) return;
  const hash = Bun.CryptoHasher.hash("sha256", octets, "hex");
  if (config.hashes.includes(hash)) return;
  throw unusable(config, `its SHA-256 is ${hash}, which is not among the configured hashes`);
}

async function readBounded(response: Response): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    // An exception in the loop cancels the download.
    if (size > MAX_ZIP_OCTETS) throw new Error(ZIP_TOO_LARGE);
    chunks.push(chunk);
  }
  const octets = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    octets.set(chunk, offset);
    offset += chunk.length;
  }
  return octets;
}
