/**
 * Strict JSON (RFC 8259) with the line and column of every item.
 *
 * The YAML parser also accepts comments, trailing commas and bare words, and the built-in parser reports no
 * positions, so that the text is scanned here. The built-in parser decodes the strings.
 *
 * @module
 */

import type { JsonPath } from "./config-issue.ts";
import { jsonStringEnd } from "./json-string.ts";
import {
  MAX_DEPTH,
  NO_PROTO,
  type ParsedText,
  type ParsedWarning,
  repeatedAttribute,
  SyntaxFault,
  TOO_DEEP,
} from "./parsed-text.ts";
import { type Position, SourceMap } from "./source-map.ts";

const whiteSpace = /[ \t\r\n]*/y;
const numberToken = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?(?![\w.+-])/y;
const wordToken = /[A-Za-z_][\w]*/y;

const words = new Map<string, unknown>([
  ["true", true],
  ["false", false],
  ["null", null],
]);

/** Parses strict JSON. Throws SyntaxFault for anything else. */
export function parseJson(text: string): ParsedText {
  return new JsonScanner(text).scan();
}

class JsonScanner {
  readonly #text: string;
  readonly #places = new SourceMap();
  readonly #warnings: ParsedWarning[] = [];
  readonly #lineStarts: number[] = [0];
  #at = 0;
  /** The item that is being read. */
  #path: JsonPath = [];

  constructor(text: string) {
    this.#text = text;
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) {
      this.#lineStarts.push(at + 1);
    }
  }

  scan(): ParsedText {
    const value = this.#value([]);
    this.#skip();
    if (this.#at < this.#text.length) this.#refuse("nothing after the end of the value");
    return { value, places: this.#places, warnings: this.#warnings };
  }

  #value(path: JsonPath): unknown {
    this.#path = path;
    this.#skip();
    this.#places.addValue(path, this.#position(this.#at));
    if (path.length > MAX_DEPTH) this.#fault(TOO_DEEP);
    const first = this.#text[this.#at];
    if (first === "{") return this.#object(path);
    if (first === "[") return this.#list(path);
    if (first === '"') return this.#string();
    return this.#scalar();
  }

  #object(path: JsonPath): Record<string, unknown> {
    const object: Record<string, unknown> = {};
    const names = new Set<string>();
    this.#at++;
    if (this.#take("}")) return object;
    do {
      this.#skip();
      const start = this.#at;
      if (this.#text[start] === "}") this.#fault("a comma before } is not allowed in JSON");
      if (this.#text[start] !== '"') this.#refuse("an attribute name in double quotes");
      const key = this.#string();
      if (key === "__proto__") this.#fault(NO_PROTO, start);
      const child = [...path, key];
      if (names.has(key)) this.#replace(child, object[key]);
      names.add(key);
      this.#places.addKey(child, this.#position(start));
      if (!this.#take(":")) this.#refuse('":"');
      object[key] = this.#value(child);
      this.#path = path;
    } while (this.#take(","));
    if (!this.#take("}")) this.#refuse('"," or "}"');
    this.#places.addNames(path, names, object);
    return object;
  }

  /** Of several attributes with one name the last one counts, as in Crossbar. */
  #replace(path: JsonPath, value: unknown): void {
    this.#warnings.push(repeatedAttribute(path, this.#places.key(path).line));
    this.#forget(path, value);
  }

  /** Forgets the places of a value, and of all that it holds. */
  #forget(path: JsonPath, value: unknown): void {
    this.#places.forget(path);
    if (typeof value !== "object" || value === null) return;
    const inner = Array.isArray(value) ? value.entries() : Object.entries(value);
    for (const [step, below] of inner) this.#forget([...path, step], below);
  }

  #list(path: JsonPath): unknown[] {
    const list: unknown[] = [];
    this.#at++;
    if (this.#take("]")) return list;
    do {
      this.#skip();
      if (this.#text[this.#at] === "]") this.#fault("a comma before ] is not allowed in JSON");
      list.push(this.#value([...path, list.length]));
      this.#path = path;
    } while (this.#take(","));
    if (!this.#take("]")) this.#refuse('"," or "]"');
    return list;
  }

  #string(): string {
    const start = this.#at;
    const end = jsonStringEnd(this.#text, start);
    if (end < 0) this.#fault("this string has no end, or a character that JSON forbids");
    this.#at = end;
    return JSON.parse(this.#text.slice(start, end)) as string;
  }

  #scalar(): unknown {
    const number = this.#match(numberToken);
    if (number !== null) {
      this.#places.addNumber(this.#path, number, Number(number));
      return Number(number);
    }
    const start = this.#at;
    const word = this.#match(wordToken);
    if (word !== null && words.has(word)) return words.get(word);
    this.#at = start;
    return this.#refuse("a value");
  }

  #match(token: RegExp): string | null {
    token.lastIndex = this.#at;
    const found = token.exec(this.#text)?.[0] ?? null;
    if (found !== null) this.#at += found.length;
    return found;
  }

  #skip(): void {
    this.#match(whiteSpace);
    if (this.#text[this.#at] === "/" || this.#text[this.#at] === "#") {
      this.#fault("comments are not allowed in JSON");
    }
  }

  #take(sign: string): boolean {
    this.#skip();
    if (this.#text[this.#at] !== sign) return false;
    this.#at++;
    return true;
  }

  #refuse(expected: string): never {
    const found = this.#text[this.#at];
    this.#fault(
      `expected ${expected}, found ${found === undefined ? "the end of the file" : JSON.stringify(found)}`,
    );
  }

  #fault(sentence: string, at: number = this.#at): never {
    throw new SyntaxFault(sentence, this.#position(at), this.#path);
  }

  #position(at: number): Position {
    let low = 0;
    let high = this.#lineStarts.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.#lineStarts[middle] ?? 0) <= at) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: at - (this.#lineStarts[low] ?? 0) + 1 };
  }
}
