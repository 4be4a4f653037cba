/**
 * answerWith: answers a GET or HEAD with its conditions and ranges (RFC 9110, sections 13 and 14): 200, 206, 304,
 * 412 or 416.
 *
 * @module
 */

import type { ReadableFields } from "#transport/http/header-fields.ts";
import { type FilePart, type HttpAnswer, printFields } from "#transport/http/http-answer.ts";
import type { HttpRequest } from "#transport/http/http-request.ts";
import { multipartOf, rangesIn } from "./byte-ranges.ts";
import { httpDate } from "./http-date.ts";

const NO_OCTETS = new Uint8Array(0);

/** What of a request the answer depends on. */
type ReadRequest = Pick<HttpRequest, "method" | "headers">;

/** Content that can be sent whole or in part, or not at all when the client has it already. */
export interface Representation {
  size: number;
  /** Strong entity tag, with its quotes. */
  etag: string;
  lastModified?: Date;
  /** Content-Type and other headers of the content. */
  headers: Record<string, string>;
  /** The octets from `start` up to, but not including, `end`. */
  slice(start: number, end: number): FilePart | Uint8Array;
  /** Set where slices are views of octets that stay in memory. */
  isShared?: true;
  /** The answer to a request without conditions and without a range, where it is kept. */
  whole?: HttpAnswer;
}

/** What makes an answer depend on more than the content. */
const CONDITIONS = [
  "if-none-match",
  "if-modified-since",
  "if-match",
  "if-unmodified-since",
  "range",
] as const;

/** The representation of octets in memory; its entity tag is their hash. */
export function representationOf(
  octets: Uint8Array,
  headers: Record<string, string>,
): Representation {
  return withWholeAnswer({
    size: octets.length,
    etag: `"${Bun.CryptoHasher.hash("sha256", octets, "hex").slice(0, 32)}"`,
    headers,
    slice: (start, end) => octets.subarray(start, end),
    isShared: true,
  });
}

/** Content whose octets are in memory, with the answer that most requests get. */
export function withWholeAnswer(content: Representation): Representation {
  const whole = answerTo(content, { method: "GET", headers: new Headers() });
  return { ...content, whole: { ...whole, printedFields: printFields(whole.headers) } };
}

/** Gives the answer that the conditions and the range of a GET or HEAD request ask for. */
export function answerWith(content: Representation, request: ReadRequest): HttpAnswer {
  const { whole } = content;
  return whole !== undefined && isUnconditional(request.headers)
    ? whole
    : answerTo(content, request);
}

function isUnconditional(headers: ReadableFields): boolean {
  for (const name of CONDITIONS) if (headers.has(name)) return false;
  return true;
}

function answerTo(content: Representation, request: ReadRequest): HttpAnswer {
  const { size } = content;
  const { "Content-Type": type, "Content-Encoding": encoding, ...others } = content.headers;
  const headers: Record<string, string> = {
    ...others,
    ETag: content.etag,
    "Accept-Ranges": "bytes",
    "X-Content-Type-Options": "nosniff",
  };
  if (content.lastModified) headers["Last-Modified"] = content.lastModified.toUTCString();
  if (!isWanted(content, request.headers)) return { status: 412, headers, body: NO_OCTETS };
  if (isUnchanged(content, request.headers)) return { status: 304, headers, body: null };
  const ranges = rangesOf(content, request);
  if (ranges === "unsatisfiable") {
    headers["Content-Range"] = `bytes */${size}`;
    return { status: 416, headers, body: NO_OCTETS };
  }
  if (encoding !== undefined) headers["Content-Encoding"] = encoding;
  if (ranges !== undefined && ranges.length > 1) {
    const slice = content.slice.bind(content);
    const several = multipartOf(ranges, { size, type, slice });
    headers["Content-Type"] = several.type;
    return { status: 206, headers, body: several.body };
  }
  const [range] = ranges ?? [];
  if (type !== undefined) headers["Content-Type"] = type;
  const { start, end } = range ?? { start: 0, end: size };
  if (range) headers["Content-Range"] = `bytes ${start}-${end - 1}/${size}`;
  const body = content.slice(start, end);
  return { status: range ? 206 : 200, headers, body, ...(content.isShared && { isShared: true }) };
}

/** Whether the content is of the version that the client wants: If-Match, or without it If-Unmodified-Since. */
function isWanted(content: Representation, conditions: ReadableFields): boolean {
  const tags = conditions.get("if-match");
  if (tags !== null) return tags === "*" || tagsIn(tags).includes(content.etag);
  return isModifiedSince(content, conditions.get("if-unmodified-since")) !== true;
}

/** Whether the client has this version already: If-None-Match, or without it If-Modified-Since. */
function isUnchanged(content: Representation, conditions: ReadableFields): boolean {
  const tags = conditions.get("if-none-match");
  if (tags === null) return isModifiedSince(content, conditions.get("if-modified-since")) === false;
  return tags === "*" || tagsIn(tags).some((tag) => tag.replace(/^W\//, "") === content.etag);
}

/** Entity tags, none of which has a comma here. */
function tagsIn(list: string): string[] {
  return list.split(",").map((tag) => tag.trim());
}

/** Undefined: the header or the time of the content is missing, or the header is no date. */
function isModifiedSince(
  { lastModified }: Representation,
  date: string | null,
): boolean | undefined {
  if (lastModified === undefined || date === null) return undefined;
  const since = httpDate(date);
  return since === undefined
    ? undefined
    : wholeSeconds(lastModified.getTime()) > wholeSeconds(since);
}

/** The ranges that a request asks for; undefined: the whole content is sent. */
function rangesOf(content: Representation, request: ReadRequest) {
  const header = request.headers.get("range");
  if (header === null || request.method !== "GET" || !isSameVersion(content, request.headers)) {
    return undefined;
  }
  return rangesIn(header, content.size);
}

/** If-Range: a part is sent only when the client's copy is of the same version. */
function isSameVersion(content: Representation, conditions: ReadableFields): boolean {
  const version = conditions.get("if-range");
  if (version === null) return true;
  if (version.includes('"')) return version.trim() === content.etag;
  const date = httpDate(version.trim());
  return (
    content.lastModified !== undefined &&
    wholeSeconds(content.lastModified.getTime()) * 1000 === date
  );
}

function wholeSeconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1000);
}
