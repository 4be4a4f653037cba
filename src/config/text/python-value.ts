/**
 * Values of a configuration for code in Python, which has all that YAML has: as JSON text, and beside it the
 * parts for which JSON has no value.
 *
 * @module
 */

import type { PythonPart } from "#config/component/process-config.ts";
import type { JsonPath } from "./config-issue.ts";
import { jsonTextOf, type NotJson } from "./json-text.ts";
import type { SourceMap } from "./source-map.ts";

/** A value for Python. */
export interface PythonValue {
  text: string;
  /** Absent: nothing but JSON, and the numbers `Infinity` and `NaN`, which Python reads. */
  parts?: PythonPart[];
}

/** The value at a path. */
export function pythonValueOf(value: unknown, path: JsonPath, places: SourceMap): PythonValue {
  const { text, notJson } = jsonTextOf(value, path, places);
  if (notJson.length === 0) return { text };
  return { text, parts: notJson.map((one) => partOf(one, path, places)) };
}

function partOf({ path: at, value }: NotJson, path: JsonPath, places: SourceMap): PythonPart {
  const within = at.slice(path.length);
  if (value instanceof Set) return { path: within, type: "set", text: "" };
  if (value instanceof Date) {
    const text = places.writtenText(at) ?? value.toISOString().replace("Z", "+00:00");
    return { path: within, type: text.includes("T") ? "datetime" : "date", text };
  }
  return { path: within, type: "bytes", text: Buffer.from(value).toString("base64") };
}
