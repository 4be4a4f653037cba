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

/** The value when it is a dictionary, else an empty one. */
export function asRecord(value: unknown): Record<string, unknown> {
  return isRecord(value) ? value : {};
}

/** The same for a value whose type says that it is one, where a fault may have left something else. */
export function asMap<T>(value: Record<string, T>): Record<string, T> {
  return isRecord(value) ? value : {};
}
