/**
 * `type: longpoll`: WAMP over HTTP long polling.
 *
 * @module
 */

import * as v from "valibot";
import { transportAuth } from "#config/auth/auth-schema.ts";
import { sessionLimits } from "#config/options/session-options-schema.ts";
import { LONGEST_MESSAGE } from "#config/options/websocket-options-schema.ts";
import {
  defaulted,
  defaultsOf,
  optional,
  required,
  withoutEffect,
} from "#config/schema/attribute.ts";
import { item } from "#config/schema/item.ts";
import { id, integer, text } from "#config/schema/primitive.ts";
import { clientSerializers } from "#config/schema/serializers.ts";
import { unchecked } from "#config/schema/tolerated-values.ts";
import { always, only, unhonoured } from "#config/schema/unhonoured.ts";
import { cookie } from "./cookie-schema.ts";

/** Seconds for which a receive waits where there is no `request_timeout`. */
export const LONGEST_RECEIVE = 600;

/** Seconds for which a session may lie idle where there is no `session_timeout`. */
export const LONGEST_IDLE = 86_400;

/** Messages that may wait for a client where there is no `queue_limit_messages`. */
export const MOST_MESSAGES = 50_000;

/** Crossbar takes any integer; 0 is "no limit". */
function limit(most: number, unlimited: string) {
  return unhonoured(unchecked(integer(0, most)), only(0), unlimited);
}

const longPollOptions = item({
  debug: withoutEffect(v.boolean()),
  debug_transport_id: optional(
    unhonoured(v.string(), always, "each transport has an id that cannot be guessed"),
  ),
  request_timeout: defaulted(
    limit(LONGEST_RECEIVE, `a receive is answered after ${LONGEST_RECEIVE} s`),
    10,
    "Seconds after which a receive for which there is no message is answered.",
  ),
  session_timeout: defaulted(
    limit(LONGEST_IDLE, `a session without a request ends after ${LONGEST_IDLE} s`),
    30,
    "Seconds without a request after which a session is over.",
  ),
  queue_limit_bytes: defaulted(
    limit(LONGEST_MESSAGE, `the client counts as behind when ${LONGEST_MESSAGE} octets wait`),
    131_072,
    "Octets that may wait for the client before it counts as behind.",
  ),
  queue_limit_messages: defaulted(
    limit(MOST_MESSAGES, `the client counts as behind when ${MOST_MESSAGES} messages wait`),
    100,
    "Messages that may wait for the client before it counts as behind.",
  ),
  max_message_size: defaulted(
    integer(1, LONGEST_MESSAGE),
    16_777_216,
    "Extension. Longest message, or batch, taken from a client, in octets.",
  ),
  allowed_origins: defaulted(
    v.array(text),
    ["*"],
    "Extension. Patterns of Origin headers of pages that may use the path.",
  ),
  allow_null_origin: defaulted(
    v.boolean(),
    true,
    "Extension. Whether the origin `null` may use the path.",
  ),
  max_transports: defaulted(
    integer(1, 1_000_000),
    10_000,
    "Extension. Most open transports of a worker; others get 503.",
  ),
  ...sessionLimits,
});

/** The options of such a path that sets none. */
export const defaultLongPollOptions = defaultsOf(longPollOptions);

/** `type: longpoll`. */
export const longPollService = item({
  id: withoutEffect(id),
  type: required(v.literal("longpoll"), "WAMP over HTTP long polling."),
  options: optional(longPollOptions, "Options."),
  serializers: clientSerializers(),
  auth: transportAuth,
  cookie: optional(cookie, "Extension. A cookie for browsers; absent: none."),
});

/** Such a path as written. */
export type LongPollItem = v.InferOutput<typeof longPollService>;
