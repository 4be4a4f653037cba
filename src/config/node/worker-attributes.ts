/**
 * Attributes that workers of every type have.
 *
 * @module
 */

import { optional } from "#config/schema/attribute.ts";
import { anything } from "#config/schema/primitive.ts";
import type { Schema } from "#config/schema/schema-shape.ts";
import { always, unhonoured } from "#config/schema/unhonoured.ts";

/** `id` of a worker. */
export function workerId<S extends Schema>(schema: S) {
  return optional(schema, "Absent: `worker001` and so on, over the whole node.");
}

/** `manhole` of a worker. */
export const manhole = optional(unhonoured(anything, always, "no console is opened"));
