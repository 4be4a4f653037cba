/**
 * The type of an answer that a client prefers, by its header Accept (RFC 9110, section 12.5.1).
 *
 * @module
 */

/** The one of these types that the header ranks highest; of several with the same rank the first. */
export function acceptedType<const T extends string>(
  accept: string,
  types: readonly [T, ...T[]],
): T {
  const [first, ...others] = types;
  let best = { type: first, quality: qualityOf(first, accept) };
  for (const type of others) {
    const quality = qualityOf(type, accept);
    if (quality > best.quality) best = { type, quality };
  }
  return best.type;
}

/** The quality value of a type, 0 to 1: that of the most specific matching range. */
function qualityOf(type: string, accept: string): number {
  const wildcards = [type, `${type.split("/")[0]}/*`, "*/*"];
  let best = { rank: wildcards.length, quality: 0 };
  for (const item of accept.split(",")) {
    const [range = "", ...parameters] = item.split(";").map((part) => part.trim().toLowerCase());
    const rank = wildcards.indexOf(range);
    if (rank < 0 || rank >= best.rank) continue;
    const weight = parameters.find((parameter) => parameter.startsWith("q="));
    const quality = weight === undefined ? 1 : Number.parseFloat(weight.slice(2));
    best = { rank, quality: Number.isNaN(quality) ? 0 : quality };
  }
  return best.quality;
}
