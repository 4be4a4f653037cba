/**
 * Byte ranges of a request (RFC 9110, section 14): which parts of some content it asks for, and the body with
 * several of them.
 *
 * @module
 */

import { randomUUID } from "node:crypto";
import { FilePart } from "#transport/http/file-part.ts";

/** Most ranges of one request, and most octets of them: they are held in memory. Beyond, all content is sent. */
const MAX_RANGES = 64;
const MAX_RANGES_OCTETS = 4 * 1024 * 1024;

/** From `start` up to, but not including, `end`. */
export interface Range {
  start: number;
  end: number;
}

/**
 * The ranges that a header Range asks for of content with so many octets; undefined: the whole content is sent,
 * because the header is malformed, names another unit, its ranges are more than the content is worth, or there is
 * none.
 */
export function rangesIn(header: string, size: number): Range[] | "unsatisfiable" | undefined {
  const list = /^bytes=(.*)$/i.exec(header)?.[1];
  if (list === undefined || size === 0) return undefined;
  const items = list.split(",").map((item) => item.trim());
  const ranges: Range[] = [];
  for (const item of items.filter((one) => one !== "")) {
    const range = rangeIn(item, size);
    if (range === undefined) return undefined;
    if (range !== null) ranges.push(range);
  }
  if (ranges.length === 0) return items.some((item) => item !== "") ? "unsatisfiable" : undefined;
  return isAnsweredInParts(ranges, size) ? ranges : undefined;
}

/** Null: it is beyond the content; undefined: it is malformed. */
function rangeIn(item: string, size: number): Range | null | undefined {
  const [, first = "", last = ""] = /^(\d*)\s*-\s*(\d*)$/.exec(item) ?? [];
  if (first === "" && last === "") return undefined;
  if (first === "") {
    const length = Math.min(Number(last), size);
    return length === 0 ? null : { start: size - length, end: size };
  }
  const start = Number(first);
  if (last !== "" && Number(last) < start) return undefined;
  const end = last === "" ? size : Math.min(Number(last) + 1, size);
  return start >= size ? null : { start, end };
}

/** One range always is; several only while they are shorter than the content, and overlap little. */
function isAnsweredInParts(ranges: readonly Range[], size: number): boolean {
  if (ranges.length === 1) return true;
  const octets = ranges.reduce((sum, { start, end }) => sum + end - start, 0);
  return ranges.length <= MAX_RANGES && octets <= Math.min(size, MAX_RANGES_OCTETS);
}

/** A body with several ranges, and its media type (RFC 9110, section 14.6). */
export function multipartOf(
  ranges: readonly Range[],
  { size, type, slice }: MultipartSource,
): { type: string; body: Uint8Array } {
  const boundary = randomUUID().replaceAll("-", "");
  const parts = ranges.flatMap(({ start, end }) => {
    const typeLine = type === undefined ? "" : `Content-Type: ${type}\r\n`;
    const head = `\r\n--${boundary}\r\n${typeLine}Content-Range: bytes ${start}-${end - 1}/${size}\r\n\r\n`;
    const part = slice(start, end);
    return [Buffer.from(head, "latin1"), part instanceof FilePart ? part.take() : part];
  });
  const body = Buffer.concat([...parts, Buffer.from(`\r\n--${boundary}--\r\n`)]);
  return { type: `multipart/byteranges; boundary=${boundary}`, body };
}

/** The content that a body takes parts of. */
interface MultipartSource {
  size: number;
  type: string | undefined;
  slice(start: number, end: number): FilePart | Uint8Array;
}
