/**
 * `store` of a realm: the events that its router keeps.
 *
 * @module
 */

import * as v from "valibot";
import { defaulted, optional, required } from "#config/schema/attribute.ts";
import { byType } from "#config/schema/by-type.ts";
import { lenientItem } from "#config/schema/item.ts";
import { anything, integer, oneOf } from "#config/schema/primitive.ts";
import { unchecked } from "#config/schema/tolerated-values.ts";
import { notEmpty, unhonoured } from "#config/schema/unhonoured.ts";

/** Crossbar checks nothing of a store, but a list that it cannot read keeps the realm from starting. */
const limit = unchecked(integer(1, 100_000));

const keptEvents = lenientItem({
  uri: required(v.string(), "Topic, or pattern of topics."),
  match: defaulted(
    unchecked(oneOf(["exact", "prefix", "wildcard"])),
    "exact",
    "How the topic matches.",
  ),
  limit: optional(limit, "Most events that are kept; absent: that of the store."),
});

/** The events that are kept. */
export const realmStore = byType({
  memory: lenientItem({
    type: required(v.literal("memory"), "The router worker keeps them, as long as it runs."),
    limit: defaulted(limit, 100, "Most events that are kept of each topic or pattern."),
    "event-history": defaulted(v.array(keptEvents), [], "Topics whose events are kept."),
    "call-queue": optional(
      unhonoured(anything, notEmpty, "a call beyond the concurrency of its callees is refused"),
    ),
  }),
});
