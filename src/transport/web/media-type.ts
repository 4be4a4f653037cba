/**
 * mediaTypeOf: the media type of a file by its name; configured suffixes come first. And which media types are
 * worth a content coding.
 *
 * @module
 */

import { lookup } from "mrmime";

/** Suffixes that the package does not know: gzipped JavaScript and SVG. */
const GZIPPED_TYPES: Record<string, string> = {
  ".jgz": "text/javascript",
  ".svgz": "image/svg+xml",
};

/** Gives the value for Content-Type; the longest of the configured suffixes wins. */
export function mediaTypeOf(name: string, suffixes: Record<string, string>): string {
  const type = longestMatch(name, suffixes) ?? longestMatch(name, GZIPPED_TYPES) ?? knownType(name);
  return type.startsWith("text/") && !type.includes("charset=") ? `${type}; charset=utf-8` : type;
}

/** Whether a file of this name is sent with `Content-Encoding: gzip`. */
export function isGzippedByName(name: string): boolean {
  return longestMatch(name, GZIPPED_TYPES) !== undefined;
}

function longestMatch(name: string, suffixes: Record<string, string>): string | undefined {
  const lowerName = name.toLowerCase();
  let longest = "";
  let type: string | undefined;
  for (const [suffix, candidate] of Object.entries(suffixes)) {
    if (suffix.length <= longest.length || !lowerName.endsWith(suffix.toLowerCase())) continue;
    longest = suffix;
    type = candidate;
  }
  return type;
}

function knownType(name: string): string {
  // The package takes a whole name without a dot for a suffix.
  return (name.includes(".") ? lookup(name) : undefined) ?? "application/octet-stream";
}

/** Media types of texts, and of other content that is not compressed by itself. */
const COMPRESSIBLE =
  /^(?:text\/|application\/(?:json|javascript|ecmascript|xml|wasm|manifest\+json|vnd\.ms-fontobject|x-javascript|[\w.-]+\+(?:json|xml))|image\/(?:svg\+xml|bmp|x-ms-bmp)|font\/(?:ttf|otf))/i;

/** Whether content of a media type becomes shorter by a coding. */
export function isCompressible(mediaType: string): boolean {
  return COMPRESSIBLE.test(mediaType);
}
