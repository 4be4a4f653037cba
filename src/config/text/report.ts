/**
 * Report: collects the faults and warnings of one configuration file with their places.
 *
 * @module
 */

import { type ConfigIssue, type JsonPath, printJsonPath } from "./config-issue.ts";
import type { SourceMap } from "./source-map.ts";

/** Collects all faults and warnings, and gives them in the order of the file. */
export class Report {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly folder: string;
  readonly #file: string;
  readonly #places: SourceMap;
  readonly #faults: ConfigIssue[] = [];
  readonly #warnings: ConfigIssue[] = [];
  readonly #malformed: JsonPath[] = [];

  constructor(
    file: string,
    folder: string,
    places: SourceMap,
    env: Readonly<Record<string, string | undefined>>,
  ) {
    this.#file = file;
    this.folder = folder;
    this.#places = places;
    this.env = env;
  }

  /** Adds a fault at a value, or (`atKey`) at the name of an attribute. */
  fault(path: JsonPath, sentence: string, atKey = false): void {
    this.#faults.push(this.#issue(path, sentence, atKey));
  }

  /** Adds a fault of the schema: the value at this path cannot be normalized. */
  malformed(path: JsonPath, sentence: string, atKey: boolean): void {
    this.#malformed.push(path);
    this.fault(path, sentence, atKey);
  }

  /** Adds a warning at the name of an attribute. */
  warn(path: JsonPath, sentence: string): void {
    this.#warnings.push(this.#issue(path, sentence, true));
  }

  /** Whether an item, or anything inside it, has a fault of the schema. */
  isMalformed(path: JsonPath): boolean {
    return this.#malformed.some((faulty) => path.every((step, index) => faulty[index] === step));
  }

  /** Faults in the order of the file. */
  get faults(): ConfigIssue[] {
    return this.#faults.toSorted(byPosition);
  }

  /** Warnings in the order of the file. */
  get warnings(): ConfigIssue[] {
    return this.#warnings.toSorted(byPosition);
  }

  #issue(path: JsonPath, sentence: string, atKey: boolean): ConfigIssue {
    const position = atKey ? this.#places.key(path) : this.#places.value(path);
    return { file: this.#file, ...position, path: printJsonPath(path), sentence };
  }
}

function byPosition(a: ConfigIssue, b: ConfigIssue): number {
  return a.line - b.line || a.column - b.column;
}
