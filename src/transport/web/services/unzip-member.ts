/**
 * unzipMember: the octets of one file of a ZIP archive, which are what the directory says, or not used.
 *
 * They are inflated in steps, between which sessions have their turn: an archive may arrive long after the
 * start of its worker.
 *
 * @module
 */

import { setImmediate } from "node:timers/promises";
import { promisify } from "node:util";
import { crc32, gunzip } from "node:zlib";
import { Inflate } from "fflate";
import type { ZipDirectory, ZipMember } from "#base/zip-directory.ts";

const LOCAL_HEADER = 0x0403_4b50;
const LOCAL_HEADER_OCTETS = 30;

/** Octets that are inflated in one step; they become at most a thousand times as many. */
const STEP_OCTETS = 16 * 1024;

/** Time that steps may take without a pause. */
const TURN_MS = 10;

/** The octets, which are not those of the archive; or why there are none. */
export async function unzipMember(
  archive: Uint8Array,
  { start }: ZipDirectory,
  member: ZipMember,
): Promise<Uint8Array | string> {
  const stored = storedOctets(archive, start, member);
  if (typeof stored === "string") return stored;
  const octets = member.isDeflated ? await inflated(stored, member.size) : new Uint8Array(stored);
  if (octets === "malformed") return "it cannot be decompressed";
  if (octets === "of another size" || octets.length !== member.size) {
    return "its size is not the one that the directory of the archive states";
  }
  if (crc32(octets) !== member.crc) {
    return "its CRC-32 is not the one that the directory of the archive states";
  }
  return octets;
}

/** The head of a gzip file without a name and a time (RFC 1952, section 2.3). */
const GZIP_HEAD = Buffer.from("1f8b08000000000000ff", "hex");
const GZIP_OCTETS = GZIP_HEAD.length + 8;

/**
 * A file as it is compressed in the archive, as gzip; null: it is not compressed there, or not the shorter for it.
 * The file can be unzipped.
 */
export async function gzippedMember(
  archive: Uint8Array,
  { start }: ZipDirectory,
  member: ZipMember,
): Promise<Uint8Array | null> {
  const { isDeflated, size, storedSize, crc } = member;
  const stored = storedOctets(archive, start, member);
  if (!isDeflated || storedSize + GZIP_OCTETS >= size || typeof stored === "string") return null;
  const octets = Buffer.alloc(storedSize + GZIP_OCTETS);
  octets.set(GZIP_HEAD);
  octets.set(stored, GZIP_HEAD.length);
  octets.writeUInt32LE(crc, octets.length - 8);
  octets.writeUInt32LE(size, octets.length - 4);
  try {
    // Other octets may follow the compressed ones, which a ZIP program ignores and a browser does not.
    await promisify(gunzip)(octets, { maxOutputLength: size });
    return octets;
  } catch {
    return null;
  }
}

/** What follows the local header of a member; `end`: where the directory begins. */
function storedOctets(
  archive: Uint8Array,
  end: number,
  { position, storedSize }: ZipMember,
): Uint8Array | string {
  const octets = new DataView(archive.buffer, archive.byteOffset, archive.byteLength);
  const nameAt = position + LOCAL_HEADER_OCTETS;
  if (nameAt > end || octets.getUint32(position, true) !== LOCAL_HEADER) {
    return "it is not where the directory of the archive states";
  }
  // Name and extra field follow the fixed part.
  const at = nameAt + octets.getUint16(position + 26, true) + octets.getUint16(position + 28, true);
  if (at + storedSize > end) return "it reaches beyond the files of the archive";
  return archive.subarray(at, at + storedSize);
}

/** Inflates as long as there are no more octets than the member has. */
async function inflated(
  deflated: Uint8Array,
  size: number,
): Promise<Uint8Array | "malformed" | "of another size"> {
  const octets = new Uint8Array(size);
  let length = 0;
  const inflate = new Inflate((chunk) => {
    if (length + chunk.length <= size) octets.set(chunk, length);
    length += chunk.length;
  });
  let turnEnd = performance.now() + TURN_MS;
  let isLast = false;
  for (let at = 0; !isLast && length <= size; at += STEP_OCTETS) {
    const end = at + STEP_OCTETS;
    isLast = end >= deflated.length;
    try {
      inflate.push(deflated.subarray(at, end), isLast);
    } catch {
      return "malformed";
    }
    if (performance.now() < turnEnd) continue;
    await setImmediate();
    turnEnd = performance.now() + TURN_MS;
  }
  return length === size ? octets : "of another size";
}
