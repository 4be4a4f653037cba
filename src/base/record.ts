/**
 * Telling dictionaries from other decoded values.
 *
 * @module
 */

/** Whether a decoded value is a dictionary; octets are none, though JavaScript has keys for them. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  return !Array.isArray(value) && !(value instanceof Uint8Array);
}

/** The value when it is a dictionary, else an empty one: values need not be what they ought to be. */
export function asRecord<T>(value: Record<string, T>): Record<string, T>;
export function asRecord(value: unknown): Record<string, unknown>;
export function asRecord(value: unknown): Record<string, unknown> {
  return isRecord(value) ? value : {};
}
