/**
 * conditionalAnswer: answers a GET or HEAD with its conditions and ranges (RFC 9110, sections 13 and 14): 200, 206,
 * 304, 412 or 416.
 *
 * @module
 */

import type { ReadableFields } from "#transport/http/header-fields.ts";
import {
  answerWhole,
  type HttpAnswer,
  headersOf,
  type Representation,
} from "#transport/http/http-answer.ts";
import type { HttpRequest } from "#transport/http/http-request.ts";
import { multipartOf, rangesIn } from "./byte-ranges.ts";
import { httpDate } from "./http-date.ts";

const NO_OCTETS = new Uint8Array(0);

/** What of a request the answer depends on. */
type ReadRequest = Pick<HttpRequest, "method" | "headers">;

/** Gives the answer that the conditions and the range of a GET or HEAD request ask for. */
export function conditionalAnswer(content: Representation, request: ReadRequest): HttpAnswer {
  const whole = headersOf(content);
  const { "Content-Type": type, "Content-Encoding": _, ...headers } = whole;
  if (!isWanted(content, request.headers)) return { status: 412, headers, body: NO_OCTETS };
  if (isUnchanged(content, request.headers)) return { status: 304, headers, body: null };
  const ranges = rangesOf(content, request);
  if (ranges === undefined) return answerWhole(content);
  const { size, isShared } = content;
  if (ranges === "unsatisfiable") {
    return {
      status: 416,
      headers: { ...headers, "Content-Range": `bytes */${size}` },
      body: NO_OCTETS,
    };
  }
  const [range, ...more] = ranges;
  if (range !== undefined && more.length === 0) {
    const { start, end } = range;
    const partial = { ...whole, "Content-Range": `bytes ${start}-${end - 1}/${size}` };
    const body = content.slice(start, end);
    return { status: 206, headers: partial, body, ...(isShared && { isShared }) };
  }
  const slice = content.slice.bind(content);
  const several = multipartOf(ranges, { size, type, slice });
  return { status: 206, headers: { ...whole, "Content-Type": several.type }, body: several.body };
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
