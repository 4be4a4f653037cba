/**
 * MQTT: the attributes of a transport of type `mqtt`, and `mqtt` of universal transports and of WebSockets.
 *
 * @module
 */

import * as v from "valibot";
import { transportAuth } from "#config/auth/auth-schema.ts";
import { bufferedLimits } from "#config/options/session-options-schema.ts";
import { defaulted, optional, required, withoutEffect } from "#config/schema/attribute.ts";
import { byType } from "#config/schema/by-type.ts";
import { item, lenientItem, mapOf } from "#config/schema/item.ts";
import { anything, integer, oneOf, text } from "#config/schema/primitive.ts";
import { always, only, unhonoured } from "#config/schema/unhonoured.ts";

const passthrough = lenientItem({
  type: required(
    v.literal("passthrough"),
    "The octets of payloads pass as they are, with `enc_algo` `mqtt`.",
  ),
});

const native = lenientItem({
  type: required(v.literal("native"), "A payload is a map with `args` and `kwargs`."),
  serializer: required(
    unhonoured(
      oneOf(["cbor", "json", "msgpack", "ubjson"]),
      only("ubjson"),
      "publications of these topics are refused, and no events are sent to MQTT clients",
    ),
    "The serializer of the map: `cbor`, `json` or `msgpack`.",
  ),
});

const dynamic = lenientItem({
  type: required(v.literal("dynamic"), "Procedures translate payloads."),
  encoder: required(text, "URI of the procedure that makes payloads of events."),
  decoder: required(text, "URI of the procedure that makes events of payloads."),
  realm: optional(text, "Realm that both are registered on; absent: that of the clients."),
  role: optional(text, "Extension. Role that they are called as; absent: `trusted`."),
});

const payloadFormat = byType({ passthrough, native, dynamic });

const options = item({
  realm: required(text, "Realm that the clients join."),
  role: optional(
    unhonoured(text, always, "`auth` decides on the role; without it, it is `anonymous`"),
  ),
  payload_mapping: defaulted(
    mapOf(v.string(), payloadFormat),
    {},
    "Begin of WAMP topics -> what becomes of their payloads; the longest begin counts. Absent: `passthrough`.",
  ),
  auth: transportAuth,
  max_message_size: defaulted(
    integer(512, 268_435_455),
    16_777_216,
    "Extension. Longest packet taken from a client, in octets.",
  ),
  max_inflight: defaulted(
    integer(1, 65_535),
    100,
    "Extension. Publications that may wait for their acknowledgements, in either direction.",
  ),
  session_expiry: defaulted(
    integer(0, 2_147_483),
    3_600,
    "Extension. Longest time for which the session of a client that is away is kept, in seconds; 0: none is.",
  ),
  max_kept_sessions: defaulted(
    integer(0, 1_000_000),
    1_000,
    "Extension. Sessions of clients that are away, which a worker keeps.",
  ),
  max_queued_messages: defaulted(
    integer(1, 1_000_000),
    1_000,
    "Extension. Messages that a client that is away may miss before its session is given up.",
  ),
  max_queued_octets: defaulted(
    integer(1_024, 268_435_456),
    1_048_576,
    "Extension. The same in octets.",
  ),
  ...bufferedLimits,
});

/** MQTT within a universal transport, or beside WAMP on a WebSocket. */
export const mqttPart = item({
  id: withoutEffect(anything),
  type: withoutEffect(anything),
  options: required(options, "Options."),
});

/** What a transport of type `mqtt` has beyond those that all have. */
export const mqttAttributes = { options: required(options, "Options.") };

/** What becomes of payloads, as written. */
export type PayloadFormatItem = v.InferOutput<typeof payloadFormat>;

/** Options of MQTT clients as written. */
export type MqttOptionsItem = v.InferOutput<typeof options>;

/** Such a part as written. */
export interface MqttItem {
  options: MqttOptionsItem;
}
