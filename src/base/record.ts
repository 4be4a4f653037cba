/**
 * Dictionaries, lists and texts among decoded values.
 *
 * @module
 */

/** Whether a decoded value is a dictionary; octets are not, although JavaScript has keys for them. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  return !Array.isArray(value) && !(value instanceof Uint8Array);
}

/** The value if it is a dictionary, else an empty one. */
export function asRecord(value: unknown): Record<string, unknown> {
  return isRecord(value) ? value : {};
}

/** The same for a value of a dictionary's type, in which a configuration fault may have left another. */
export function asMap<T>(value: Record<string, T>): Record<string, T> {
  return isRecord(value) ? value : {};
}

/** The same for a list. */
export function asList<T>(value: T[]): T[] {
  return Array.isArray(value) ? value : [];
}

/** The value if it is a text, else another text. */
export function textOr(value: unknown, other: string): string {
  return typeof value === "string" ? value : other;
}
