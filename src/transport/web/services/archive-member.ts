/**
 * unzipMember: the octets of one file of a ZIP archive, which are what the directory says, or not used.
 *
 * @module
 */

import { crc32, inflateRawSync } from "node:zlib";
import { errorCodeOf } from "#base/failure.ts";
import type { ArchiveDirectory, ArchiveMember } from "./archive-directory.ts";

const LOCAL_HEADER = 0x0403_4b50;
const LOCAL_HEADER_OCTETS = 30;

/** The octets, which are not those of the archive; or why there are none. */
export function unzipMember(
  archive: Uint8Array,
  { start }: ArchiveDirectory,
  member: ArchiveMember,
): Uint8Array | string {
  const stored = storedOctets(archive, start, member);
  if (typeof stored === "string") return stored;
  const octets = member.isDeflated ? inflated(stored, member.size) : new Uint8Array(stored);
  if (octets === "malformed") return "it cannot be decompressed";
  if (octets === "of another size" || octets.length !== member.size) {
    return "its size is not the one that the directory of the archive states";
  }
  if (crc32(octets) !== member.crc) {
    return "its CRC-32 is not the one that the directory of the archive states";
  }
  return octets;
}

/** What follows the local header of a member; `end`: where the directory begins. */
function storedOctets(
  archive: Uint8Array,
  end: number,
  { position, storedSize }: ArchiveMember,
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
function inflated(
  deflated: Uint8Array,
  size: number,
): Uint8Array | "malformed" | "of another size" {
  try {
    return inflateRawSync(deflated, { maxOutputLength: Math.max(1, size) });
  } catch (thrown) {
    return errorCodeOf(thrown) === "ERR_BUFFER_TOO_LARGE" ? "of another size" : "malformed";
  }
}
