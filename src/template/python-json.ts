/**
 * Values as JSON for Python, which reads from it integers of any length, floats, octets and maps as they are.
 *
 * @module
 */

import type { Value } from "./engine-value.ts";

/**
 * The JSON of a value. A map with the only key `""` stands for octets, in base64, or for the items of a map that has
 * other keys than texts, or this one.
 */
export function pythonJson(value: Value): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "number") return floatJson(value);
  if (Array.isArray(value)) return `[${value.map(pythonJson).join()}]`;
  if (value instanceof Map) return mapJson(value);
  if (value instanceof Uint8Array) return `{"":"${Buffer.from(value).toString("base64")}"}`;
  return String(value);
}

function mapJson(map: ReadonlyMap<Value, Value>): string {
  const items = [...map];
  if (!items.every(([key]) => typeof key === "string" && key !== "")) {
    return `{"":${pythonJson(items)}}`;
  }
  return `{${items.map(([key, value]) => `${pythonJson(key)}:${pythonJson(value)}`).join()}}`;
}

/** With a point, or an exponent. Python reads NaN and Infinity, too. */
function floatJson(value: number): string {
  const text = Object.is(value, -0) ? "-0" : String(value);
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}
