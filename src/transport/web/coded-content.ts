/**
 * CodedContent: content in memory that is also there in a content coding, and the answer in the one that a client
 * prefers.
 *
 * @module
 */

import { gzipSync } from "node:zlib";
import {
  type HttpAnswer,
  type Representation,
  wholeAnswer,
  withWholeAnswer,
} from "#transport/http/http-answer.ts";
import type { HttpRequest } from "#transport/http/http-request.ts";
import { conditionalAnswer } from "./conditional-request.ts";
import { type Coding, codingsFor } from "./content-coding.ts";

/** From this length on, content is compressed. */
const MIN_OCTETS = 1024;

/** Content as it is, and in codings. */
export interface CodedContent {
  plain: Representation;
  coded: ReadonlyMap<Coding, Representation>;
}

/** Content that is there as it is, and with gzip where that is given. */
export function contentWith(
  octets: Uint8Array,
  gzipped: Uint8Array | null,
  headers: Record<string, string>,
): CodedContent {
  if (gzipped === null) return { plain: representationOf(octets, headers), coded: new Map() };
  const varying = { ...headers, Vary: "Accept-Encoding" };
  const plain = representationOf(octets, varying);
  const coded = withWholeAnswer({ ...codedAs("gzip", plain, gzipped), isShared: true });
  return { plain, coded: new Map([["gzip", coded]]) };
}

/** Content that is compressed here, if that makes it shorter. */
export function contentOf(octets: Uint8Array, headers: Record<string, string>): CodedContent {
  const gzipped = octets.length < MIN_OCTETS ? null : gzipSync(octets);
  const isShorter = gzipped !== null && gzipped.length < octets.length;
  return contentWith(octets, isShorter ? gzipped : null, headers);
}

/** The representation of some content in a coding; its entity tag is another one (RFC 9110, section 8.8.3.3). */
export function codedAs(
  coding: Coding,
  { etag, headers, lastModified }: Pick<Representation, "etag" | "headers" | "lastModified">,
  octets: Uint8Array,
): Representation {
  return {
    size: octets.length,
    etag: `${etag.slice(0, -1)}-${coding}"`,
    headers: { ...headers, "Content-Encoding": coding },
    slice: (start, end) => octets.subarray(start, end),
    ...(lastModified && { lastModified }),
  };
}

/** Gives the answer in the coding that the client prefers. */
export function answerInCoding({ plain, coded }: CodedContent, request: HttpRequest): HttpAnswer {
  const codings = coded.size > 0 ? codingsFor(request.headers.get("accept-encoding")) : [];
  const best = codings.find((coding) => coded.has(coding));
  const content = (best && coded.get(best)) ?? plain;
  return wholeAnswer(content, request) ?? conditionalAnswer(content, request);
}

/** The representation of octets in memory; its entity tag is their hash. */
function representationOf(octets: Uint8Array, headers: Record<string, string>): Representation {
  return withWholeAnswer({
    size: octets.length,
    etag: `"${Bun.CryptoHasher.hash("sha256", octets, "hex").slice(0, 32)}"`,
    headers,
    slice: (start, end) => octets.subarray(start, end),
    isShared: true,
  });
}
