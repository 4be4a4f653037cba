/**
 * The fields of a query, or of a form in the body of a request, as Crossbar reads them: of a name that is there
 * several times the first value counts, and what has no `=` is ignored.
 *
 * @module
 */

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Fields by their names, in the order in which they came. */
export type Fields = Map<string, string>;

/** The fields of `a=b&c=d`, without a question mark; null: one of them is not UTF-8. */
export function readFields(query: string): Fields | null {
  const fields: Fields = new Map();
  for (const pair of query.split(/[&;]/)) {
    const at = pair.indexOf("=");
    if (at === -1) continue;
    const name = decode(pair.slice(0, at));
    const value = decode(pair.slice(at + 1));
    if (name === null || value === null) return null;
    if (!fields.has(name)) fields.set(name, value);
  }
  return fields;
}

/** Null: the octets are not UTF-8. A percent sign that no two digits follow stays. */
function decode(written: string): string | null {
  const octets: number[] = [];
  const text = Buffer.from(written.replaceAll("+", " "), "latin1");
  for (let at = 0; at < text.length; at++) {
    const digits = text.toString("latin1", at + 1, at + 3);
    const isEncoded = text[at] === 0x25 && /^[0-9a-fA-F]{2}$/.test(digits);
    octets.push(isEncoded ? Number.parseInt(digits, 16) : (text[at] as number));
    if (isEncoded) at += 2;
  }
  return textOf(Uint8Array.from(octets));
}

/** Octets as a text; null: they are not UTF-8. */
export function textOf(octets: Uint8Array): string | null {
  try {
    return utf8.decode(octets);
  } catch {
    return null;
  }
}
