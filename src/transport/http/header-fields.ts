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
}

/** Most header fields. */
const MAX_FIELDS = 198;

/**
 * A header field and the end of its line: no folded line, no white space in the name, no control character in
 * the value, because some servers take a bare CR or LF for a line end (RFC 9112, section 5).
 */
const FIELD_LINE = /[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\x20-\x7e\x80-\xff]*\r\n/y;

const UPPER_A = 0x41;
const UPPER_Z = 0x5a;
/** The bit that makes a capital a small letter. */
const LOWER = 0x20;
const SPACE = 0x20;
const TAB = 0x09;

/** Whether a line, without its end, is a header field. */
export function isField(line: string): boolean {
  FIELD_LINE.lastIndex = 0;
  return FIELD_LINE.test(`${line}\r\n`) && FIELD_LINE.lastIndex === line.length + 2;
}

/** The fields of one head. */
export class HeaderFields implements ReadableFields {
  readonly #lines: string;
  /** Where each name begins, where its colon is, and where the line ends. */
  readonly #positions: readonly number[];

  private constructor(lines: string, positions: readonly number[]) {
    this.#lines = lines;
    this.#positions = positions;
  }

  /** Reads lines, each with its CR LF. */
  static read(lines: string): HeaderFields | "malformed" | "too long" {
    const positions: number[] = [];
    for (let at = 0; at < lines.length; at = FIELD_LINE.lastIndex) {
      FIELD_LINE.lastIndex = at;
      if (!FIELD_LINE.test(lines)) return isTooMany(lines) ? "too long" : "malformed";
      positions.push(at, lines.indexOf(":", at), FIELD_LINE.lastIndex - 2);
    }
    return positions.length > 3 * MAX_FIELDS ? "too long" : new HeaderFields(lines, positions);
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

  /** Where the positions of the next field of this name are; negative: there is none. */
  #find(name: string, from: number): number {
    const positions = this.#positions;
    for (let at = from; at < positions.length; at += 3) {
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

function isTooMany(lines: string): boolean {
  return lines.split("\r\n").length - 1 > MAX_FIELDS;
}

/** Whether a header that is a comma-separated list contains a token, ignoring case. */
export function hasToken(headers: ReadableFields, name: string, token: string): boolean {
  const list = headers.get(name)?.toLowerCase();
  if (list === undefined || list === token) return list === token;
  return list.split(",").some((item) => withoutBlanks(item, 0, item.length) === token);
}

/** A part of a text without the spaces and tabs around it; `trim` would remove other white space too. */
function withoutBlanks(text: string, start: number, end: number): string {
  let [first, last] = [start, end];
  while (first < last && isBlank(text.charCodeAt(first))) first += 1;
  while (last > first && isBlank(text.charCodeAt(last - 1))) last -= 1;
  return text.slice(first, last);
}

function isBlank(character: number): boolean {
  return character === SPACE || character === TAB;
}
