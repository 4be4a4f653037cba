/**
 * `stats` of a realm: when the counts of its sessions are published.
 *
 * @module
 */

import * as v from "valibot";
import { isRecord } from "#base/record.ts";
import { defaulted } from "#config/schema/attribute.ts";
import { lenientItem } from "#config/schema/item.ts";
import { integer } from "#config/schema/primitive.ts";
import { unchecked } from "#config/schema/tolerated-values.ts";

const DAY_NS = 86_400_000_000_000;

/** Crossbar checks nothing of it before a session joins. */
export const realmStats = unchecked(
  lenientItem({
    rated_message_size: defaulted(
      unchecked(integer(1, 16 * 1024 * 1024)),
      512,
      "Octets of a message that counts as one; a longer one counts as several.",
    ),
    trigger_after_rated_messages: defaulted(
      unchecked(integer(0, 1_000_000_000)),
      0,
      "Messages, counted like that, after which the count of a session is published; 0: any number.",
    ),
    trigger_after_duration: defaulted(
      unchecked(integer(0, DAY_NS)),
      0,
      "Nanoseconds after which it is published, at the next message of the session; 0: any time.",
    ),
    trigger_on_join: defaulted(
      unchecked(v.boolean()),
      false,
      "Whether it is published when a session joins.",
    ),
    trigger_on_leave: defaulted(
      unchecked(v.boolean()),
      true,
      "Whether it is published when a session leaves.",
    ),
  }),
  (value) => !isRecord(value),
);
