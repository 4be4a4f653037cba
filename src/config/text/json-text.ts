/**
 * Values of a configuration as JSON text, for the programs and clients that they are sent to. Numbers keep the
 * digits of the file: JavaScript would round `12345678901234567890`, and write `1.0` as `1`.
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

/** The JSON text of the value at a path. */
export function jsonTextOf(value: unknown, path: JsonPath, places: SourceMap): JsonText {
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
    `[${items.map((item, index) => write(item, [...at, index])).join(",")}]`;
  const write = (one: unknown, at: JsonPath): string => {
    if (typeof one === "number") return writeNumber(one, at);
    if (typeof one !== "object" || one === null) return JSON.stringify(one) ?? "null";
    if (Array.isArray(one)) return writeList(one, at);
    if (one instanceof Date || one instanceof Uint8Array || one instanceof Set) {
      const text = one instanceof Set ? writeList([...one], at) : "null";
      notJson.push({ path: at, value: one });
      return text;
    }
    const members = Object.entries(one).map(
      ([name, item]) => `${JSON.stringify(name)}:${write(item, [...at, name])}`,
    );
    return `{${members.join(",")}}`;
  };
  return { text: write(value, path), notJson, notFinite };
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
