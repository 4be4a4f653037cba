/**
 * WAMP ids among decoded values.
 *
 * @module
 */

import { isId } from "#wamp/id.ts";

/** The highest id. It is no safe integer, so readers return it as a bigint. */
const HIGHEST = 2n ** 53n;

/** The id that a decoded value is; undefined: it is none. */
export function idOf(value: unknown): number | undefined {
  if (value === HIGHEST) return Number(HIGHEST);
  return isId(value) ? value : undefined;
}

/** The value that encodes an element of a message as an integer, not as a float, if it is an id. */
export function encodableId(value: unknown): unknown {
  return value === Number(HIGHEST) ? HIGHEST : value;
}
