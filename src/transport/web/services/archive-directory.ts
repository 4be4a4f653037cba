/**
 * readDirectory: the central directory of a ZIP archive, read before anything is unzipped (APPNOTE.TXT,
 * sections 4.3.12 to 4.3.16).
 *
 * @module
 */

const END_RECORD = 0x0605_4b50;
const END_OCTETS = 22;
const LOCATOR_64 = 0x0706_4b50;
const LOCATOR_64_OCTETS = 20;
const END_RECORD_64 = 0x0606_4b50;
const END_64_OCTETS = 56;
const MAX_COMMENT_OCTETS = 0xffff;
const ENTRY = 0x0201_4b50;
const ENTRY_OCTETS = 46;

const ZIP64 = 1;
const IN_EXTRA_FIELD = 0xffff_ffff;

const ENCRYPTED = 1;
const UTF8_NAME = 0x0800;

/** Compression methods that are served. */
const STORED = 0;
const DEFLATED = 8;

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

/** One file in an archive, as the directory has it. */
export interface ArchiveMember {
  name: string;
  isDeflated: boolean;
  /** Its size when it is unzipped, and in the archive. */
  size: number;
  storedSize: number;
  /** CRC-32 of its octets. */
  crc: number;
  /** Where its local header begins in the archive. */
  position: number;
  /** Why it cannot be served; null: it can. */
  fault: string | null;
}

/** What is in an archive. */
export interface ArchiveDirectory {
  /** Where the directory begins; the files are before it. */
  start: number;
  members: ArchiveMember[];
}

/** Reads the directory; null when there is none, or it is malformed. */
export function readDirectory(archive: Uint8Array): ArchiveDirectory | null {
  const octets = Buffer.from(archive.buffer, archive.byteOffset, archive.byteLength);
  let empty: ArchiveDirectory | null = null;
  // A comment may look like the end of another directory, perhaps of one without files.
  for (const end of endRecords(octets)) {
    const directory = directoryBefore(octets, end);
    if (directory !== null && directory.members.length > 0) return directory;
    empty ??= directory;
  }
  return empty;
}

/** The positions of all that may be the end record, which only a comment follows; the last one first. */
function* endRecords(octets: Buffer): Generator<number> {
  const first = Math.max(0, octets.length - END_OCTETS - MAX_COMMENT_OCTETS);
  for (let at = octets.length - END_OCTETS; at >= first; at--) {
    const isEnd = octets.readUInt32LE(at) === END_RECORD;
    if (isEnd && at + END_OCTETS + octets.readUInt16LE(at + 20) === octets.length) yield at;
  }
}

function directoryBefore(octets: Buffer, endRecord: number): ArchiveDirectory | null {
  const { end, size, offset } = directoryPlace(octets, endRecord);
  const start = end - size;
  // Octets before the archive, such as the program of one that unpacks itself.
  const octetsBefore = start - offset;
  if (start < 0 || octetsBefore < 0) return null;
  const members: ArchiveMember[] = [];
  for (let at = start; at < end; ) {
    if (at + ENTRY_OCTETS > end || octets.readUInt32LE(at) !== ENTRY) return null;
    // Name, extra field and comment follow the fixed part.
    const lengths = [28, 30, 32].map((field) => octets.readUInt16LE(at + field));
    const next = lengths.reduce((sum, length) => sum + length, at + ENTRY_OCTETS);
    if (next > end) return null;
    members.push(memberAt(octets, at, octetsBefore));
    at = next;
  }
  return { start, members };
}

/** Where the directory is, which records of their own say if its size or offset does not fit (ZIP64). */
function directoryPlace(octets: Buffer, endRecord: number) {
  const end = endRecord - LOCATOR_64_OCTETS - END_64_OCTETS;
  const is64 =
    end >= 0 &&
    octets.readUInt32LE(endRecord - LOCATOR_64_OCTETS) === LOCATOR_64 &&
    octets.readUInt32LE(end) === END_RECORD_64;
  return is64
    ? { end, size: wideAt(octets, end + 40), offset: wideAt(octets, end + 48) }
    : {
        end: endRecord,
        size: octets.readUInt32LE(endRecord + 12),
        offset: octets.readUInt32LE(endRecord + 16),
      };
}

function memberAt(octets: Buffer, at: number, octetsBefore: number): ArchiveMember {
  const flags = octets.readUInt16LE(at + 8);
  const method = octets.readUInt16LE(at + 10);
  const nameEnd = at + ENTRY_OCTETS + octets.readUInt16LE(at + 28);
  const encoding = flags & UTF8_NAME ? "utf8" : "latin1";
  const extra = octets.subarray(nameEnd, nameEnd + octets.readUInt16LE(at + 30));
  const narrow = [24, 20, 42].map((field) => octets.readUInt32LE(at + field));
  const [size = 0, storedSize = 0, offset = 0] = widened(narrow, extra);
  return {
    name: octets.toString(encoding, at + ENTRY_OCTETS, nameEnd),
    isDeflated: method === DEFLATED,
    size,
    storedSize,
    crc: octets.readUInt32LE(at + 16),
    position: octetsBefore + offset,
    fault: faultOf(flags, method),
  };
}

/** Numbers of which those that do not fit stand in an extra field, in the same order (section 4.5.3). */
function widened(narrow: number[], extra: Buffer): number[] {
  let at = 0;
  while (at + 4 <= extra.length && extra.readUInt16LE(at) !== ZIP64) {
    at += 4 + extra.readUInt16LE(at + 2);
  }
  at += 4;
  return narrow.map((value) => {
    if (value !== IN_EXTRA_FIELD || at + 8 > extra.length) return value;
    at += 8;
    return wideAt(extra, at - 8);
  });
}

function wideAt(octets: Buffer, at: number): number {
  return Number(octets.readBigUInt64LE(at));
}

function faultOf(flags: number, method: number): string | null {
  if (flags & ENCRYPTED) return "it is encrypted";
  if (method === STORED || method === DEFLATED) return null;
  return `it is compressed with ${METHODS[method] ?? `method ${method}`}`;
}
