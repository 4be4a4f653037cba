/**
 * Attributes that workers of every type have.
 *
 * @module
 */

import { defaulted, optional } from "#config/schema/attribute.ts";
import { anything, oneOf } from "#config/schema/primitive.ts";
import type { Schema } from "#config/schema/schema-shape.ts";
import { always, unhonoured } from "#config/schema/unhonoured.ts";

/** `id` of a worker. */
export function workerId<S extends Schema>(schema: S) {
  return optional(schema, "Absent: `worker001` and so on, over the whole node.");
}

/** `options.restart` of a worker that is one process. */
export const restart = defaulted(
  oneOf(["on-failure", "always", "never"]),
  "on-failure",
  "Extension. After which ends its process is started again; exit code 0 of a guest is no failure.",
);

/** `manhole` of a worker. */
export const manhole = optional(unhonoured(anything, always, "no console is opened"));
