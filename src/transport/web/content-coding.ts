/**
 * Content codings (RFC 9110, sections 8.4.1 and 12.5.3), and which of them a client takes.
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

/** A list for each order of codings. */
const lists = new Map<string, readonly Coding[]>();

/** Those for a request without such a header. */
export const NO_CODINGS = listOf([]);

/** The header and the codings of the last request: most clients send the same. */
let last = { accepted: "", codings: NO_CODINGS };

/** The codings that a header Accept-Encoding prefers to none, the best first; always the same list for the same ones. */
export function codingsFor(accepted: string | null): readonly Coding[] {
  if (accepted === null) return NO_CODINGS;
  if (accepted !== last.accepted) last = { accepted, codings: listOf(rankedCodings(accepted)) };
  return last.codings;
}

function listOf(codings: readonly Coding[]): readonly Coding[] {
  const list = lists.get(codings.join()) ?? codings;
  lists.set(codings.join(), list);
  return list;
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
