/**
 * Content codings (RFC 9110, sections 8.4.1 and 12.5.3): which of them a client takes, and for which media types
 * they are worth it.
 *
 * @module
 */

/** A coding that is sent. */
export type Coding = "br" | "zstd" | "gzip";

/** All codings, those that make texts shortest first, and the suffix of a file in each. */
export const CODING_SUFFIXES: Readonly<Record<Coding, string>> = {
  br: ".br",
  zstd: ".zst",
  gzip: ".gz",
};

const CODINGS = Object.keys(CODING_SUFFIXES) as Coding[];

/** The header and the codings of the last request: most clients send the same. */
let last: { accepted: string; codings: readonly Coding[] } = { accepted: "", codings: [] };

/** The codings that a header Accept-Encoding prefers to none, the best first. */
export function codingsFor(accepted: string | null): readonly Coding[] {
  if (accepted === null) return [];
  if (accepted !== last.accepted) last = { accepted, codings: rankedCodings(accepted) };
  return last.codings;
}

function rankedCodings(accepted: string): Coding[] {
  const qualities = qualitiesIn(accepted);
  const others = qualities.get("*") ?? 0;
  const qualityOf = (coding: Coding) =>
    qualities.get(coding) ?? (coding === "gzip" ? qualities.get("x-gzip") : undefined) ?? others;
  const identity = qualities.get("identity") ?? 0;
  return CODINGS.filter((coding) => qualityOf(coding) > 0 && qualityOf(coding) >= identity).sort(
    (one, other) => qualityOf(other) - qualityOf(one),
  );
}

function qualitiesIn(accepted: string): Map<string, number> {
  const items = accepted.toLowerCase().split(",");
  return new Map(
    items.map((item) => {
      const [name = "", ...parameters] = item.split(";").map((part) => part.trim());
      const weight = parameters.find((parameter) => parameter.startsWith("q="));
      const quality = weight === undefined ? 1 : Number.parseFloat(weight.slice(2));
      return [name, Number.isNaN(quality) ? 0 : quality];
    }),
  );
}

/** Media types of texts, and of other content that is not compressed by itself. */
const COMPRESSIBLE =
  /^(?:text\/|application\/(?:json|javascript|ecmascript|xml|wasm|manifest\+json|vnd\.ms-fontobject|x-javascript|[\w.-]+\+(?:json|xml))|image\/(?:svg\+xml|bmp|x-ms-bmp)|font\/(?:ttf|otf))/i;

/** Whether content of a media type becomes shorter by a coding. */
export function isCompressible(mediaType: string): boolean {
  return COMPRESSIBLE.test(mediaType);
}
