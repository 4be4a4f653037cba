/**
 * readZipDirectory: the central directory of a ZIP archive, read before anything is unzipped (APPNOTE.TXT,
 * sections 4.3.12 to 4.3.16).
 *
 * @module
 */

import { crc32 } from "node:zlib";
import { decodeCodePage437 } from "./code-page-437.ts";

/** Longest ZIP file that is read, in octets. */
export const MAX_ZIP_OCTETS = 256 * 1024 * 1024;

/** Why a longer one is not read. */
export const ZIP_TOO_LARGE = `it is larger than ${MAX_ZIP_OCTETS} octets`;

/** Why a file without a directory is not served. */
export const NO_ZIP = "it is not a ZIP file that can be unzipped";

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
const UNICODE_PATH = 0x7075;
const IN_EXTRA_FIELD = 0xffff_ffff;

const ENCRYPTED = 1;
const UTF8_NAME = 0x0800;

/** So many times the length of the archive is looked through for its directory, and no more. */
const MAX_SEARCHES = 4;

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
export interface ZipMember {
  name: string;
  /** The name as UTF-8, where the archive does not say so and it may be; null: there is no such reading. */
  otherName: string | null;
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
export interface ZipDirectory {
  /** Where the directory begins; the files are before it. */
  start: number;
  members: ZipMember[];
}

/** Reads the directory; null when there is none, or it is malformed. */
export function readZipDirectory(archive: Uint8Array): ZipDirectory | null {
  const octets = Buffer.from(archive.buffer, archive.byteOffset, archive.byteLength);
  let empty: ZipDirectory | null = null;
  let searched = 0;
  // A comment may look like the end of another directory, perhaps of one without files.
  for (const endRecord of endRecords(octets)) {
    const place = directoryPlace(octets, endRecord);
    const { start, end, octetsBefore } = place;
    if (start < 0 || octetsBefore < 0) continue;
    const entriesEnd = endOfEntries(octets, place);
    if (entriesEnd === end && start < end) return { start, members: membersAt(octets, place) };
    if (entriesEnd === end) empty ??= { start, members: [] };
    // In a comment there is room for thousands that almost are one.
    searched += entriesEnd - start;
    if (searched > MAX_SEARCHES * octets.length) break;
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

/** Where a directory is said to be. */
interface DirectoryPlace {
  start: number;
  end: number;
  /** Octets before the archive, such as the program of one that unpacks itself. */
  octetsBefore: number;
}

/** Where the directory is, which records of their own say if its size or offset does not fit (ZIP64). */
function directoryPlace(octets: Buffer, endRecord: number): DirectoryPlace {
  const end64 = endRecord - LOCATOR_64_OCTETS - END_64_OCTETS;
  const is64 =
    end64 >= 0 &&
    octets.readUInt32LE(endRecord - LOCATOR_64_OCTETS) === LOCATOR_64 &&
    octets.readUInt32LE(end64) === END_RECORD_64;
  const end = is64 ? end64 : endRecord;
  const size = is64 ? wideAt(octets, end + 40) : octets.readUInt32LE(end + 12);
  const offset = is64 ? wideAt(octets, end + 48) : octets.readUInt32LE(end + 16);
  return { start: end - size, end, octetsBefore: end - size - offset };
}

/** Where the entries from the start on end, which is the end of the place if it has nothing else. */
function endOfEntries(octets: Buffer, { start, end }: DirectoryPlace): number {
  let at = start;
  while (at + ENTRY_OCTETS <= end && octets.readUInt32LE(at) === ENTRY) {
    at = endOfEntry(octets, at);
  }
  return at;
}

/** Name, extra field and comment follow the fixed part. */
function endOfEntry(octets: Buffer, at: number): number {
  const [name, extra, comment] = [at + 28, at + 30, at + 32];
  const lengths = octets.readUInt16LE(name) + octets.readUInt16LE(extra);
  return at + ENTRY_OCTETS + lengths + octets.readUInt16LE(comment);
}

function membersAt(octets: Buffer, { start, end, octetsBefore }: DirectoryPlace): ZipMember[] {
  const members: ZipMember[] = [];
  for (let at = start; at < end; at = endOfEntry(octets, at)) {
    members.push(memberAt(octets, at, octetsBefore));
  }
  return members;
}

function memberAt(octets: Buffer, at: number, octetsBefore: number): ZipMember {
  const flags = octets.readUInt16LE(at + 8);
  const method = octets.readUInt16LE(at + 10);
  const nameEnd = at + ENTRY_OCTETS + octets.readUInt16LE(at + 28);
  const name = octets.subarray(at + ENTRY_OCTETS, nameEnd);
  const extra = octets.subarray(nameEnd, nameEnd + octets.readUInt16LE(at + 30));
  const narrow = [24, 20, 42].map((field) => octets.readUInt32LE(at + field));
  const [size = 0, storedSize = 0, offset = 0] = widened(narrow, extra);
  return {
    ...namesOf(name, (flags & UTF8_NAME) !== 0, fieldIn(extra, UNICODE_PATH)),
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
  const field = fieldIn(extra, ZIP64);
  let at = 0;
  return narrow.map((value) => {
    if (value !== IN_EXTRA_FIELD || field === null || at + 8 > field.length) return value;
    at += 8;
    return wideAt(field, at - 8);
  });
}

/** The content of an extra field; null: there is none with this number. */
function fieldIn(extra: Buffer, number: number): Buffer | null {
  for (let at = 0; at + 4 <= extra.length; ) {
    const end = at + 4 + extra.readUInt16LE(at + 2);
    if (extra.readUInt16LE(at) === number) return extra.subarray(at + 4, end);
    at = end;
  }
  return null;
}

/**
 * The name of a file: UTF-8 where a flag or a field says so (section 4.6.9), else code page 437. Programs of
 * macOS write UTF-8 without saying so.
 */
function namesOf(octets: Buffer, isUtf8: boolean, unicodePath: Buffer | null) {
  if (isUtf8) return { name: octets.toString("utf8"), otherName: null };
  const isForName =
    unicodePath !== null && unicodePath.length > 5 && unicodePath.readUInt32LE(1) === crc32(octets);
  if (isForName) return { name: unicodePath.toString("utf8", 5), otherName: null };
  const name = decodeCodePage437(octets);
  const utf8 = octets.toString("utf8");
  const isOther = utf8 !== name && !utf8.includes("\ufffd");
  return { name, otherName: isOther ? utf8 : null };
}

function wideAt(octets: Buffer, at: number): number {
  return Number(octets.readBigUInt64LE(at));
}

function faultOf(flags: number, method: number): string | null {
  if (flags & ENCRYPTED) return "it is encrypted";
  if (method === STORED || method === DEFLATED) return null;
  return `it is compressed with ${METHODS[method] ?? `method ${method}`}`;
}
