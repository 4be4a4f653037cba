/**
 * `type: sse`: a path whose listeners get the events of WAMP topics. Crossbar has no such path type.
 *
 * @module
 */

import * as v from "valibot";
import { secret } from "#config/auth/principal-schema.ts";
import { addressRangeOrNetmask } from "#config/schema/address-range.ts";
import {
  defaulted,
  defaultsOf,
  optional,
  required,
  withoutEffect,
} from "#config/schema/attribute.ts";
import { item } from "#config/schema/item.ts";
import { id, integer, milliseconds, oneOf, text } from "#config/schema/primitive.ts";
import { eventStreamAuth } from "./path-auth-schema.ts";

const topic = item({
  topic: required(text, "The topic, or the pattern."),
  match: defaulted(
    oneOf(["exact", "prefix", "wildcard"]),
    "exact",
    "How topics are compared with it.",
  ),
});

const eventStreamOptions = item({
  key: optional(text, "Name of the key, which clients send with a signed request; needs `secret`."),
  secret: optional(secret, 'What requests are signed with, or `{"file": …}`; absent: unsigned.'),
  require_tls: defaulted(v.boolean(), false, "Refuse requests that do not come over TLS."),
  require_ip: optional(
    v.array(addressRangeOrNetmask),
    "Addresses, CIDRs and addresses with netmasks of clients that are let in; absent: any.",
  ),
  timestamp_delta_limit: defaulted(
    integer(0, 86_400),
    300,
    "Seconds that a signed request's timestamp may be off, and for which it counts once; 0: none.",
  ),
  allowed_origins: defaulted(
    v.array(text),
    ["*"],
    "Patterns of origins whose pages may listen: with cookies if they are listed, without if by `*`.",
  ),
  heartbeat_interval: defaulted(
    integer(1_000, 600_000),
    15_000,
    "Milliseconds between two comments that keep a connection open.",
  ),
  retry: defaulted(
    integer(100, 600_000),
    2_000,
    "Milliseconds after which an EventSource connects again; up to half more, so that not all come at once.",
  ),
  max_listeners: defaulted(
    integer(1, 1_000_000),
    10_000,
    "Most listeners of a worker; others get 503.",
  ),
  max_buffered: defaulted(
    integer(1024, 33_554_432),
    1_048_576,
    "Octets that may wait for one listener; beyond, it is cut off.",
  ),
  stall_timeout: defaulted(
    milliseconds,
    30_000,
    "Milliseconds in which a listener has to take something of what waits for it; 0: unlimited.",
  ),
  max_outgoing: defaulted(
    integer(67_108_864, 17_179_869_184),
    268_435_456,
    "Octets that may wait for all clients of a worker; beyond, clients that do not read are cut off.",
  ),
});

/** The options of such a path that sets none. */
export const defaultEventStreamOptions = defaultsOf(eventStreamOptions);

/** `type: sse`. */
export const eventStreamService = item({
  id: withoutEffect(id),
  type: required(v.literal("sse"), "Extension. Sends events as Server-Sent Events."),
  realm: required(text, "The realm."),
  role: optional(
    text,
    "The role that subscribes; required without `auth`, else that of clients whose tokens name none.",
  ),
  auth: optional(
    eventStreamAuth,
    "How listeners are authenticated; absent: all listen with `role`.",
  ),
  topics: optional(
    v.pipe(v.array(topic), v.minLength(1, "expected at least one topic, found none")),
    "What every listener gets; absent: each names its topics in its request.",
  ),
  options: optional(eventStreamOptions, "Options."),
});

/** Such a path as written. */
export type EventStreamItem = v.InferOutput<typeof eventStreamService>;
