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
  /** Such as `a date`. */
  kind: string;
}

/** The JSON text of the value at a path, and what in it has none: `null` stands in its place. */
export function jsonTextOf(
  value: unknown,
  path: JsonPath,
  places: SourceMap,
): { text: string; without: NotJson[] } {
  const without: NotJson[] = [];
  const write = (one: unknown, at: JsonPath): string => {
    if (typeof one === "number") {
      const text = places.numberText(at) ?? (Number.isFinite(one) ? JSON.stringify(one) : null);
      return text ?? refuse(at, `the number ${one}`);
    }
    if (typeof one !== "object" || one === null) return JSON.stringify(one) ?? "null";
    if (Array.isArray(one)) {
      return `[${one.map((item, index) => write(item, [...at, index])).join(",")}]`;
    }
    if (one instanceof Date) return refuse(at, "a date");
    if (one instanceof Uint8Array) return refuse(at, "octets");
    if (one instanceof Set) return refuse(at, "a set");
    const members = Object.entries(one).map(
      ([name, item]) => `${JSON.stringify(name)}:${write(item, [...at, name])}`,
    );
    return `{${members.join(",")}}`;
  };
  const refuse = (at: JsonPath, kind: string): string => {
    without.push({ path: at, kind });
    return "null";
  };
  return { text: write(value, path), without };
}

/** Whether two JSON texts have the same value, however their maps are ordered; numbers by their digits. */
export function isSameJson(one: string, other: string): boolean {
  return one === other || isDeepStrictEqual(withDigits(one), withDigits(other));
}

function withDigits(text: string): unknown {
  // The third argument, which TypeScript does not know, has the text of a number.
  return JSON.parse(text, (_name: string, value: unknown, context?: { source?: string }) =>
    typeof value === "number" ? { digits: context?.source } : value,
  );
}
