/**
 * `options` of a realm.
 *
 * @module
 */

import * as v from "valibot";
import { defaulted, optional } from "#config/schema/attribute.ts";
import { item } from "#config/schema/item.ts";
import { integer, MOST_MS, oneOf } from "#config/schema/primitive.ts";
import { unchecked } from "#config/schema/tolerated-values.ts";
import { only, unhonoured } from "#config/schema/unhonoured.ts";

const MOST_SUBSCRIBERS = 1_000_000;

/** Whether Python makes a positive integer of a value, which is all that Crossbar checks. */
function isPythonInt(value: unknown): boolean {
  if (typeof value === "number") return value >= 1;
  return typeof value === "string" && /^\s*\+?0*[1-9](_?\d)*\s*$/.test(value);
}

/** Options of a realm. */
export const realmOptions = item({
  enable_meta_api: defaulted(
    v.boolean(),
    true,
    "Whether clients may call the procedures, and get the events, about sessions, subscriptions and registrations.",
  ),
  default_call_timeout: defaulted(
    integer(0, MOST_MS),
    0,
    "Extension. Milliseconds that a call may take whose caller names no timeout; 0: any time.",
  ),
  max_call_timeout: defaulted(
    integer(0, MOST_MS),
    0,
    "Extension. Milliseconds that any call may take, whatever its caller asks for; 0: any time.",
  ),
  bridge_meta_api: optional(
    unhonoured(
      v.boolean(),
      only(true),
      "there is no management realm to bridge to; the sessions of a node are at its admin endpoint",
    ),
  ),
  event_dispatching_chunk_size: defaulted(
    unchecked(integer(1, MOST_SUBSCRIBERS), isPythonInt),
    1_000,
    "Subscribers that are sent an event at once; others of the same event follow when other sessions had their turn.",
  ),
  uri_check: defaulted(
    unchecked(oneOf(["loose", "strict"])),
    "loose",
    "WAMP's rules for the URIs of requests; `strict`: components of a-z, 0-9 and `_`.",
  ),
});
