/**
 * Values of templates, which are those of Python: its integers are bigints here, its floats numbers.
 *
 * @module
 */

import { RenderError } from "./render-error.ts";

/** A value; null is None. */
export type Value =
  | null
  | boolean
  | bigint
  | number
  | string
  | Uint8Array
  | Value[]
  | Map<Value, Value>;

const LEAST_INTEGER = -(2n ** 63n);
const GREATEST_INTEGER = 2n ** 64n - 1n;

/**
 * The value for MiniJinja, which knows objects and no maps.
 *
 * @throws RenderError when it has no such value.
 */
export function engineValue(value: Value): unknown {
  if (Array.isArray(value)) return value.map(engineValue);
  if (value instanceof Map) return engineObject(value);
  if (value instanceof Uint8Array) throw unsupported("octets");
  if (typeof value === "bigint" && (value < LEAST_INTEGER || value > GREATEST_INTEGER)) {
    throw unsupported("an integer of more than 64 bits");
  }
  return value;
}

/** @throws RenderError when a key is no text, or a value has none in MiniJinja. */
export function engineObject(entries: ReadonlyMap<Value, Value>): Record<string, unknown> {
  return Object.fromEntries(
    Array.from(entries, ([key, item]) => {
      if (typeof key !== "string") throw unsupported("a key that is no text");
      return [key, engineValue(item)];
    }),
  );
}

function unsupported(what: string): RenderError {
  return new RenderError("unsupported", `Cannot render the result: it has ${what}`);
}
