/**
 * `store` of a realm: the events and the calls that its router keeps.
 *
 * @module
 */

import * as v from "valibot";
import { defaulted, optional, required } from "#config/schema/attribute.ts";
import { byType } from "#config/schema/by-type.ts";
import { lenientItem } from "#config/schema/item.ts";
import { integer, oneOf } from "#config/schema/primitive.ts";
import { unchecked } from "#config/schema/tolerated-values.ts";

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

const queue = lenientItem({
  uri: required(v.string(), "Procedure, or pattern of procedures."),
  match: defaulted(
    unchecked(oneOf(["exact", "prefix", "wildcard"])),
    "exact",
    "How the procedure matches.",
  ),
  limit: defaulted(limit, 1_000, "Most calls that wait for one registration."),
});

/** The events, and the calls, that are kept. */
export const realmStore = byType({
  memory: lenientItem({
    type: required(v.literal("memory"), "The router worker keeps them, as long as it runs."),
    limit: defaulted(limit, 100, "Most events that are kept of each topic or pattern."),
    "event-history": defaulted(v.array(keptEvents), [], "Topics whose events are kept."),
    "call-queue": optional(
      unchecked(v.array(queue), (value) => !Array.isArray(value)),
      "Procedures whose calls wait while their callees perform as many as their concurrency says; absent: such a call is refused.",
    ),
  }),
});
