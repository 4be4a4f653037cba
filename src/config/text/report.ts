/**
 * Report: collects the faults and warnings of one configuration file with their places.
 *
 * @module
 */

import { dirname, resolve } from "node:path";
import type { DynamicAuthConfig } from "#config/auth/authenticator-config.ts";
import type { PythonOptions } from "#config/component/process-config.ts";
import type { MachineNeed, PlacedNeed, PythonNeed } from "#config/machine-need.ts";
import { type ConfigIssue, inOrder, type JsonPath, printJsonPath } from "./config-issue.ts";
import { type Indent, jsonTextOf, nameOfNotJson } from "./json-text.ts";
import { type PythonValue, pythonValueOf } from "./python-value.ts";
import type { SourceMap } from "./source-map.ts";

/** A dynamic authmethod, and its path. */
export interface PlacedAuthenticator {
  path: JsonPath;
  auth: DynamicAuthConfig;
}

interface PlacedIssue {
  at: JsonPath;
  issue: ConfigIssue;
}

/** Collects all faults and warnings, and gives them in the order of the file. */
export class Report {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly folder: string;
  /** The folder of the configuration file, which may be another one. */
  readonly fileFolder: string;
  readonly #file: string;
  readonly #places: SourceMap;
  #faults: PlacedIssue[] = [];
  #warnings: PlacedIssue[] = [];
  #malformed: JsonPath[] = [];
  /** What only the machine can tell. */
  readonly needs: PlacedNeed[] = [];
  /** What the present worker needs of Python. */
  readonly #ofPython: { path: JsonPath; need: PythonNeed }[] = [];
  /** Authenticators, which are compared with the routers when all workers are known. */
  readonly authenticators: PlacedAuthenticator[] = [];
  /** Whether the configuration gives clients the role `trusted`, which may do everything. */
  givesTrusted = false;

  constructor(
    file: string,
    folder: string,
    places: SourceMap,
    env: Readonly<Record<string, string | undefined>>,
  ) {
    this.#file = file;
    this.fileFolder = dirname(resolve(file));
    this.folder = folder;
    this.#places = places;
    this.env = env;
  }

  /** Adds a fault at a value, or (`atKey`) at the name of an attribute. */
  fault(path: JsonPath, sentence: string, atKey = false): void {
    this.#faults.push({ at: path, issue: this.#issue(path, sentence, atKey) });
  }

  /** Adds a fault of the schema: the value at this path cannot be normalized. */
  malformed(path: JsonPath, sentence: string, atKey: boolean): void {
    this.#malformed.push(path);
    this.fault(path, sentence, atKey);
  }

  /** Adds a warning at the name of an attribute. */
  warn(path: JsonPath, sentence: string): void {
    this.#warnings.push({ at: path, issue: this.#issue(path, sentence, true) });
  }

  /** The JSON text of a value with the digits of the file, and a fault for what JSON does not have. */
  jsonText(path: JsonPath, value: unknown, indent: Indent = null): string {
    const { text, notJson, notFinite } = jsonTextOf(value, path, this.#places, indent);
    for (const one of notJson) {
      this.fault(one.path, `expected a value of JSON, found ${nameOfNotJson(one)}`);
    }
    for (const { path: at, name } of notFinite) {
      const sentence = `JSON has no number ${name}: it is sent as in Crossbar, and many programs cannot read it`;
      this.warn(at, sentence);
    }
    return text;
  }

  /** A value for code in Python. */
  pythonValue(path: JsonPath, value: unknown): PythonValue {
    return pythonValueOf(value, path, this.#places);
  }

  /** Notes what a value needs of the machine. */
  need(path: JsonPath, need: MachineNeed): void {
    const { sentence: _, ...place } = this.#issue(path, "", false);
    this.needs.push({ need, place });
  }

  /** Notes what a value of the present worker needs of Python. */
  needPython(path: JsonPath, need: PythonNeed): void {
    this.#ofPython.push({ path, need });
  }

  /** Whether the present worker has templates. */
  get hasTemplates(): boolean {
    return this.#ofPython.some(({ need }) => need.kind === "template");
  }

  /** Ends the present worker, whose Python has these options. */
  endWorker(options: PythonOptions): void {
    for (const { path, need } of this.#ofPython.splice(0)) this.need(path, { ...need, options });
  }

  /** Whether an item, or anything inside it, has a fault of the schema. */
  isMalformed(path: JsonPath): boolean {
    return this.#malformed.some((faulty) => isWithin(faulty, path));
  }

  /** Forgets the faults and warnings of an item that is not used. */
  disregard(path: JsonPath): void {
    this.#faults = this.#faults.filter(({ at }) => !isWithin(at, path));
    this.#warnings = this.#warnings.filter(({ at }) => !isWithin(at, path));
    this.#malformed = this.#malformed.filter((at) => !isWithin(at, path));
  }

  /** Faults in the order of the file. */
  get faults(): ConfigIssue[] {
    return inOrder(this.#faults.map(({ issue }) => issue));
  }

  /** Warnings in the order of the file. */
  get warnings(): ConfigIssue[] {
    return inOrder(this.#warnings.map(({ issue }) => issue));
  }

  #issue(path: JsonPath, sentence: string, atKey: boolean): ConfigIssue {
    const position = atKey ? this.#places.key(path) : this.#places.value(path);
    return { file: this.#file, ...position, path: printJsonPath(path), sentence };
  }
}

function isWithin(path: JsonPath, outer: JsonPath): boolean {
  return outer.every((step, index) => path[index] === step);
}
