/**
 * Opens the archives of a node, and names what is in them that cannot be served.
 *
 * @module
 */

import { readFile, stat } from "node:fs/promises";
import { sentenceOf } from "#base/failure.ts";
import { MAX_ZIP_OCTETS, NO_ZIP, readZipDirectory, ZIP_TOO_LARGE } from "#base/zip-directory.ts";
import type { PlacedNeed } from "#config/machine-need.ts";
import type { ConfigIssue } from "#config/text/config-issue.ts";

/** Most files of one archive that are named. */
const MAX_NAMED = 20;

/** A warning for each archive, and each file in one, that cannot be served. */
export async function checkArchives(needs: readonly PlacedNeed[]): Promise<ConfigIssue[]> {
  const issues: ConfigIssue[] = [];
  for (const { need, place } of needs) {
    if (need.kind !== "archive") continue;
    const sentences = await faultsOf(need.file, need.prefix, need.hashes);
    issues.push(...sentences.map((sentence) => ({ ...place, sentence })));
  }
  return issues;
}

async function faultsOf(
  file: string,
  prefix: string,
  hashes: readonly string[],
): Promise<string[]> {
  const octets = await read(file);
  if (typeof octets === "string") return [`Cannot serve "${file}": ${octets}`];
  const hash = Bun.CryptoHasher.hash("sha256", octets, "hex");
  if (hashes.length > 0 && !hashes.includes(hash)) {
    const state = `its SHA-256 is ${hash}, which is not among the configured hashes`;
    return [`Cannot serve "${file}": ${state}`];
  }
  const directory = readZipDirectory(octets);
  if (directory === null) return [`Cannot serve "${file}": ${NO_ZIP}`];
  const faults = directory.members.flatMap(({ name, fault }) =>
    fault !== null && name.startsWith(prefix)
      ? [`Cannot serve "${name}" of "${file}": ${fault}; requests for it are answered with 501`]
      : [],
  );
  const more = faults.length - MAX_NAMED;
  const rest = more > 0 ? [`Cannot serve ${more} more of the files of "${file}"`] : [];
  return [...faults.slice(0, MAX_NAMED), ...rest];
}

async function read(file: string): Promise<Uint8Array<ArrayBuffer> | string> {
  try {
    const { size } = await stat(file);
    return size > MAX_ZIP_OCTETS ? ZIP_TOO_LARGE : new Uint8Array(await readFile(file));
  } catch (thrown) {
    return sentenceOf(thrown);
  }
}
