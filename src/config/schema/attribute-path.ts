/**
 * Paths by the attributes in them: keys that an operator chooses, such as the names of paths, are none.
 *
 * @module
 */

import type { JsonPath } from "#config/text/config-issue.ts";

/** Attributes that are maps, each with the number of steps below it that are chosen keys. */
const CHOSEN_KEYS = new Map<string | number, number>([
  ["paths", 1],
  ["websocket", 1],
  ["connections", 1],
  ["routes", 2],
]);

/** Whether a path leads into an attribute of this name. */
export function isWithinAttribute(path: JsonPath, name: string): boolean {
  const [step, ...rest] = path;
  if (step === undefined) return false;
  return step === name || isWithinAttribute(rest.slice(CHOSEN_KEYS.get(step) ?? 0), name);
}
