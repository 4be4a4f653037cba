/**
 * Values of a configuration in JSON as the text of YAML that is read as the same values, by the rules of YAML 1.1.
 *
 * Numbers keep their digits, and maps their order. Texts that YAML could take for anything else are in quotes.
 *
 * @module
 */

import type { JsonPath } from "#config/text/config-issue.ts";
import type { SourceMap } from "#config/text/source-map.ts";
import { plainTag } from "#config/text/yaml-scalars.ts";

/** The text of values that a text of JSON has; `places` are theirs. */
export function yamlTextOf(value: unknown, places: SourceMap): string {
  return new YamlWriter(places)
    .lines(value, [])
    .map((line) => `${line}\n`)
    .join("");
}

class YamlWriter {
  readonly #places: SourceMap;

  constructor(places: SourceMap) {
    this.#places = places;
  }

  lines(value: unknown, path: JsonPath): string[] {
    if (!isBlock(value)) return [this.#inline(value, path)];
    if (Array.isArray(value)) {
      return value.flatMap((item, index) => {
        const [first = "", ...others] = this.lines(item, [...path, index]);
        return [`- ${first}`, ...others.map(indented)];
      });
    }
    const map = value as Record<string, unknown>;
    return (this.#places.names(path) ?? Object.keys(map)).flatMap((name) => {
      const below = [...path, name];
      const item = map[name];
      if (!isBlock(item)) return [`${textOf(name)}: ${this.#inline(item, below)}`];
      return [`${textOf(name)}:`, ...this.lines(item, below).map(indented)];
    });
  }

  #inline(value: unknown, path: JsonPath): string {
    if (typeof value === "string") return textOf(value);
    if (typeof value === "number") return numberOf(this.#places.writtenText(path) ?? `${value}`);
    if (typeof value === "object" && value !== null) return Array.isArray(value) ? "[]" : "{}";
    return String(value);
  }
}

/** Whether it is a list or a map with something in it. */
function isBlock(value: unknown): value is object {
  return typeof value === "object" && value !== null && Object.keys(value).length > 0;
}

function indented(line: string): string {
  return `  ${line}`;
}

/** Letters, digits and harmless signs, as in `com.example.add` and `../web`. */
const HARMLESS = /^[\p{L}\p{N}_./][\p{L}\p{N}_./@+-]*(?: [\p{L}\p{N}_./@+-]+)*$/u;

function textOf(text: string): string {
  if (HARMLESS.test(text) && plainTag(text) === "str") return text;
  // What JSON allows in quotes, and YAML does not.
  return JSON.stringify(text).replace(
    /[^\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\u{10000}-\u{10ffff}]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** A number has a dot before its exponent, and the exponent a sign. */
function numberOf(digits: string): string {
  const [mantissa = "", exponent] = digits.split(/e/i);
  if (exponent === undefined) return digits === "-0" ? "-0.0" : digits;
  const fraction = mantissa.includes(".") ? mantissa : `${mantissa}.0`;
  return `${fraction}e${/^[-+]/.test(exponent) ? "" : "+"}${exponent}`;
}
