/**
 * Values of a configuration as JSON text, for the programs and clients that they are sent to. Numbers keep the
 * digits of the file, and maps its order: JavaScript would round `12345678901234567890`, write `1.0` as `1`, and
 * put the name `10` before others.
 *
 * @module
 */

import { isDeepStrictEqual } from "node:util";
import type { JsonPath } from "./config-issue.ts";
import type { SourceMap } from "./source-map.ts";

/** A part of a value that JSON has no text for. */
export interface NotJson {
  path: JsonPath;
  value: Date | Uint8Array | Set<unknown>;
}

/** A value as text, and where that is not JSON, or not the value. */
export interface JsonText {
  text: string;
  /** Inner ones come first. For a set its items stand in the text as a list, for others `null`. */
  notJson: NotJson[];
  /** Numbers that JSON does not have. They are written as Python writes and reads them: `Infinity`, `NaN`. */
  notFinite: { path: JsonPath; name: string }[];
}

/** How many spaces each level is indented by; null: there is no white space. */
export type Indent = number | null;

/** The JSON text of the value at a path. */
export function jsonTextOf(
  value: unknown,
  path: JsonPath,
  places: SourceMap,
  indent: Indent = null,
): JsonText {
  const colon = indent === null ? ":" : ": ";
  const enclose = encloser(path.length, indent);
  const notJson: NotJson[] = [];
  const notFinite: JsonText["notFinite"] = [];
  const writeNumber = (one: number, at: JsonPath): string => {
    const digits = places.writtenText(at);
    if (digits !== undefined) return digits;
    if (Number.isFinite(one)) return JSON.stringify(one);
    notFinite.push({ path: at, name: String(one) });
    return String(one);
  };
  const writeList = (items: readonly unknown[], at: JsonPath): string =>
    enclose(
      "[]",
      items.map((item, index) => write(item, [...at, index])),
      at,
    );
  const write = (one: unknown, at: JsonPath): string => {
    if (typeof one === "number") return writeNumber(one, at);
    if (typeof one !== "object" || one === null) return JSON.stringify(one) ?? "null";
    if (Array.isArray(one)) return writeList(one, at);
    if (one instanceof Date || one instanceof Uint8Array || one instanceof Set) {
      const text = one instanceof Set ? writeList([...one], at) : "null";
      notJson.push({ path: at, value: one });
      return text;
    }
    const map = one as Record<string, unknown>;
    const members = (places.names(at) ?? Object.keys(map)).map(
      (name) => `${JSON.stringify(name)}${colon}${write(map[name], [...at, name])}`,
    );
    return enclose("{}", members, at);
  };
  return { text: write(value, path), notJson, notFinite };
}

/** Writes the items of a list or a map, whose depth is that of its path. */
function encloser(root: number, indent: Indent) {
  return (brackets: "[]" | "{}", items: readonly string[], path: JsonPath): string => {
    const [first, last] = brackets;
    if (indent === null || items.length === 0) return `${first}${items.join()}${last}`;
    const end = `\n${" ".repeat(indent * (path.length - root))}`;
    const line = `${end}${" ".repeat(indent)}`;
    return `${first}${line}${items.join(`,${line}`)}${end}${last}`;
  };
}

/** Such as `a date`. */
export function nameOfNotJson({ value }: NotJson): string {
  if (value instanceof Date) return "a date";
  return value instanceof Set ? "a set" : "octets";
}

/** Whether two JSON texts have the same value, however their maps are ordered; numbers by their digits. */
export function isSameJson(one: string, other: string): boolean {
  return one === other || isDeepStrictEqual(withDigits(one), withDigits(other));
}

function withDigits(text: string): unknown {
  try {
    // The third argument, which TypeScript does not know, has the text of a number.
    return JSON.parse(text, (_name: string, value: unknown, context?: { source?: string }) =>
      typeof value === "number" ? { digits: context?.source } : value,
    );
  } catch {
    // A number that JSON does not have: only the same text is the same.
    return { text };
  }
}
