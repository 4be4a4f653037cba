/**
 * HeaderFields: the header fields of one request, which stay parts of its head until they are asked for.
 *
 * @module
 */

/** Header fields as services read them. Names are asked for in lower case; null: there is no such field. */
export interface ReadableFields {
  /** The values of all fields of this name, joined. */
  get(name: string): string | null;
  has(name: string): boolean;
  /** All fields in their order, with their names as written; several of one name are several. */
  entries(): Iterable<[string, string]>;
}

/** Most header fields of a request. */
export const MAX_FIELDS = 198;

/**
 * A header field: no folded line, no white space in the name, no control character in the value, because some
 * servers take a bare CR or LF for a line end (RFC 9112, section 5).
 */
const FIELD = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\x20-\x7e\x80-\xff]*$/;

/** What an octet may be part of: bits by octet. */
const NAME = 1;
const VALUE = 2;
const PARTS = Uint8Array.from({ length: 256 }, (_, octet) => {
  const character = String.fromCharCode(octet);
  return (FIELD.test(`${character}:`) ? NAME : 0) | (FIELD.test(`a:${character}`) ? VALUE : 0);
});

const CARRIAGE_RETURN = 0x0d;
const LINE_FEED = 0x0a;
const COLON = 0x3a;
const UPPER_A = 0x41;
const UPPER_Z = 0x5a;
/** The bit that makes a capital a small letter. */
const LOWER = 0x20;
const SPACE = 0x20;
const TAB = 0x09;

/** Whether a line, without its end, is a header field. */
export function isField(line: string): boolean {
  return FIELD.test(line);
}

/**
 * Finds header fields up to an empty line. Gives three positions for each: where its name begins, where its colon
 * is, and where its line ends; then where the empty line begins. Null: there is none, or a line is malformed.
 */
export function scanFields(octets: Uint8Array, from: number): number[] | null {
  const positions: number[] = [];
  for (let at = from; at < octets.length; at += 2) {
    const start = at;
    while (isPart(octets, at, NAME)) at += 1;
    const colon = at;
    if (colon === start && isLineEnd(octets, at)) {
      positions.push(at - from);
      return positions;
    }
    if (colon === start || octets[colon] !== COLON) return null;
    at += 1;
    while (isPart(octets, at, VALUE)) at += 1;
    if (!isLineEnd(octets, at)) return null;
    positions.push(start - from, colon - from, at - from);
  }
  return null;
}

function isPart(octets: Uint8Array, at: number, part: number): boolean {
  return at < octets.length && ((PARTS[octets[at] as number] as number) & part) !== 0;
}

function isLineEnd(octets: Uint8Array, at: number): boolean {
  return octets[at] === CARRIAGE_RETURN && octets[at + 1] === LINE_FEED;
}

/** The fields of one head. */
export class HeaderFields implements ReadableFields {
  readonly #lines: string;
  readonly #positions: readonly number[];

  private constructor(lines: string, positions: readonly number[]) {
    this.#lines = lines;
    this.#positions = positions;
  }

  /** Takes lines, each with its CR LF, and what `scanFields` has given for them. */
  static of(
    lines: string,
    positions: number[] | null,
  ): HeaderFields | "malformed field" | "too long" {
    const count = positions === null ? lines.split("\r\n").length - 1 : (positions.length - 1) / 3;
    if (count > MAX_FIELDS) return "too long";
    return positions === null ? "malformed field" : new HeaderFields(lines, positions);
  }

  get(name: string): string | null {
    let all: string | null = null;
    for (let at = this.#find(name, 0); at >= 0; at = this.#find(name, at + 3)) {
      const value = this.#valueAt(at);
      all = all === null ? value : `${all}${name === "cookie" ? "; " : ", "}${value}`;
    }
    return all;
  }

  has(name: string): boolean {
    return this.#find(name, 0) >= 0;
  }

  *entries(): Iterable<[string, string]> {
    const positions = this.#positions;
    for (let at = 0; at < positions.length - 1; at += 3) {
      const name = this.#lines.slice(positions[at], positions[at + 1]);
      yield [name, this.#valueAt(at)];
    }
  }

  /** Where the positions of the next field of this name are; negative: there is none. */
  #find(name: string, from: number): number {
    const positions = this.#positions;
    for (let at = from; at < positions.length - 1; at += 3) {
      const start = positions[at] as number;
      const length = (positions[at + 1] as number) - start;
      if (length === name.length && isNameAt(this.#lines, start, name)) return at;
    }
    return -1;
  }

  #valueAt(at: number): string {
    const [colon, end] = [this.#positions[at + 1] as number, this.#positions[at + 2] as number];
    return withoutBlanks(this.#lines, colon + 1, end);
  }
}

/** Whether a name in lower case is there, in whatever case. */
function isNameAt(lines: string, start: number, name: string): boolean {
  for (let index = 0; index < name.length; index += 1) {
    const character = lines.charCodeAt(start + index);
    const isUpper = character >= UPPER_A && character <= UPPER_Z;
    if ((isUpper ? character | LOWER : character) !== name.charCodeAt(index)) return false;
  }
  return true;
}

/** Whether a header that is a comma-separated list contains a token, ignoring case. */
export function hasToken(headers: ReadableFields, name: string, token: string): boolean {
  const list = headers.get(name);
  if (list === null) return false;
  if (list === token) return true;
  return list
    .toLowerCase()
    .split(",")
    .some((item) => withoutBlanks(item, 0, item.length) === token);
}

/** A part of a text without the spaces and tabs around it; `trim` would remove other white space too. */
function withoutBlanks(text: string, start: number, end: number): string {
  let first = start;
  let last = end;
  while (first < last && isBlank(text.charCodeAt(first))) first += 1;
  while (last > first && isBlank(text.charCodeAt(last - 1))) last -= 1;
  return text.slice(first, last);
}

function isBlank(character: number): boolean {
  return character === SPACE || character === TAB;
}
