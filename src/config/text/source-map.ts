/**
 * SourceMap: the position of every key and value of a configuration file, by its path.
 *
 * @module
 */

import { type JsonPath, printJsonPath } from "./config-issue.ts";

/** A place in a text, counted from 1. */
export interface Position {
  line: number;
  column: number;
}

/** Records the positions of keys and values during parsing, and finds them by path. */
export class SourceMap {
  readonly #values = new Map<string, Position>();
  readonly #keys = new Map<string, Position>();
  readonly #written = new Map<string, string>();
  readonly #names = new Map<string, readonly string[]>();

  addKey(path: JsonPath, position: Position): void {
    this.#keys.set(printJsonPath(path), position);
  }

  addValue(path: JsonPath, position: Position): void {
    this.#values.set(printJsonPath(path), position);
  }

  /** Keeps a number's digits, in JSON, where JavaScript would write others. */
  addNumber(path: JsonPath, text: string, value: number): void {
    if (JSON.stringify(value) !== text) this.#written.set(printJsonPath(path), text);
  }

  /** Keeps the text of a date, which says more than JavaScript keeps of it. */
  addDate(path: JsonPath, text: string): void {
    this.#written.set(printJsonPath(path), text);
  }

  /** The text of a date; the digits of a number, undefined where JavaScript writes the same. */
  writtenText(path: JsonPath): string | undefined {
    return this.#written.get(printJsonPath(path));
  }

  /** Keeps the order of a map's attributes, where JavaScript would put names such as `10` first. */
  addNames(path: JsonPath, names: Iterable<string>, map: object): void {
    const inFile = [...names];
    const isKept = Object.keys(map).every((name, index) => name === inFile[index]);
    if (!isKept) this.#names.set(printJsonPath(path), inFile);
  }

  /** That order; undefined where it is JavaScript's too. */
  names(path: JsonPath): readonly string[] | undefined {
    return this.#names.get(printJsonPath(path));
  }

  /** Gives an attribute that is read under another path the place at which it is written. */
  copy(from: JsonPath, to: JsonPath): void {
    const key = this.#keys.get(printJsonPath(from));
    const value = this.#values.get(printJsonPath(from));
    if (key !== undefined) this.addKey(to, key);
    if (value !== undefined) this.addValue(to, value);
  }

  /** Forgets the place of one value, its text, and the order of its attributes. */
  forget(path: JsonPath): void {
    const gone = printJsonPath(path);
    for (const kept of [this.#keys, this.#values, this.#written, this.#names]) kept.delete(gone);
  }

  /** The place of an attribute's name; for list items, of the item. */
  key(path: JsonPath): Position {
    return this.#keys.get(printJsonPath(path)) ?? this.value(path);
  }

  /** The place of a value; of the nearest item around it when it is missing. */
  value(path: JsonPath): Position {
    for (let length = path.length; length >= 0; length--) {
      const position = this.#values.get(printJsonPath(path.slice(0, length)));
      if (position !== undefined) return position;
    }
    return { line: 1, column: 1 };
  }
}
