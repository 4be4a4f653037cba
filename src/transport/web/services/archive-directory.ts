/**
 * readDirectory: the central directory of a ZIP archive, read before anything is unzipped (APPNOTE.TXT,
 * sections 4.3.12 and 4.3.16).
 *
 * @module
 */

const END_RECORD = 0x0605_4b50;
const END_OCTETS = 22;
const MAX_COMMENT_OCTETS = 0xffff;
const ENTRY = 0x0201_4b50;
const ENTRY_OCTETS = 46;

const ZIP64 = 1;
const IN_EXTRA_FIELD = 0xffff_ffff;

const ENCRYPTED = 1;
const UTF8_NAME = 0x0800;

/** Compression methods that are served: stored and deflated. */
const READABLE: ReadonlySet<number> = new Set([0, 8]);

/** The names of the others (APPNOTE.TXT, section 4.4.5). */
const METHODS: Record<number, string> = {
  1: "Shrink",
  6: "Implode",
  9: "Deflate64",
  12: "bzip2",
  14: "LZMA",
  93: "Zstandard",
  95: "XZ",
  98: "PPMd",
};

/** One file in an archive. */
export interface ArchiveMember {
  name: string;
  /** Its size when it is unzipped, as the archive has it. */
  size: number;
  /** Why it cannot be served; null: it can. */
  fault: string | null;
}

/** What is in an archive. */
export interface ArchiveDirectory {
  /** Octets before the archive, such as the program of one that unpacks itself. */
  octetsBefore: number;
  members: ArchiveMember[];
}

/** Reads the directory; null when there is none, or it is malformed. */
export function readDirectory(archive: Uint8Array): ArchiveDirectory | null {
  const octets = Buffer.from(archive.buffer, archive.byteOffset, archive.byteLength);
  const end = findEnd(octets);
  if (end < 0) return null;
  const start = end - octets.readUInt32LE(end + 12);
  const octetsBefore = start - octets.readUInt32LE(end + 16);
  if (start < 0 || octetsBefore < 0) return null;
  const members: ArchiveMember[] = [];
  for (let at = start; at < end; ) {
    if (at + ENTRY_OCTETS > end || octets.readUInt32LE(at) !== ENTRY) return null;
    members.push(memberAt(octets, at));
    // Name, extra field and comment follow the fixed part.
    const lengths = [28, 30, 32].map((field) => octets.readUInt16LE(at + field));
    at += lengths.reduce((sum, length) => sum + length, ENTRY_OCTETS);
  }
  return { octetsBefore, members };
}

/** The position of the end record, which only a comment follows; -1: there is none. */
function findEnd(octets: Buffer): number {
  const first = Math.max(0, octets.length - END_OCTETS - MAX_COMMENT_OCTETS);
  for (let at = octets.length - END_OCTETS; at >= first; at--) {
    const isEnd = octets.readUInt32LE(at) === END_RECORD;
    if (isEnd && at + END_OCTETS + octets.readUInt16LE(at + 20) === octets.length) return at;
  }
  return -1;
}

function memberAt(octets: Buffer, at: number): ArchiveMember {
  const flags = octets.readUInt16LE(at + 8);
  const method = octets.readUInt16LE(at + 10);
  const nameEnd = at + ENTRY_OCTETS + octets.readUInt16LE(at + 28);
  const encoding = flags & UTF8_NAME ? "utf8" : "latin1";
  const name = octets.toString(encoding, at + ENTRY_OCTETS, nameEnd);
  const extra = octets.subarray(nameEnd, nameEnd + octets.readUInt16LE(at + 30));
  return { name, size: sizeOf(octets.readUInt32LE(at + 24), extra), fault: faultOf(flags, method) };
}

/** The size, which stands in an extra field where it does not fit (section 4.5.3). */
function sizeOf(size: number, extra: Buffer): number {
  if (size !== IN_EXTRA_FIELD) return size;
  for (let at = 0; at + 12 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) === ZIP64) return Number(extra.readBigUInt64LE(at + 4));
  }
  return size;
}

function faultOf(flags: number, method: number): string | null {
  if (flags & ENCRYPTED) return "encrypted";
  if (READABLE.has(method)) return null;
  return `compressed with ${METHODS[method] ?? `method ${method}`}`;
}
