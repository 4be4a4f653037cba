/**
 * Telling dictionaries from other decoded values.
 *
 * @module
 */

/** Whether a decoded value is a dictionary. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value when it is a dictionary, else an empty one. */
export function asRecord(value: unknown): Record<string, unknown> {
  return isRecord(value) ? value : {};
}
