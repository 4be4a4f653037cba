/**
 * `type: reverseproxy`: a path whose requests are passed to another HTTP server.
 *
 * @module
 */

import * as v from "valibot";
import { connectingTls } from "#config/endpoint/endpoint-schema.ts";
import {
  defaulted,
  defaultsOf,
  optional,
  required,
  withoutEffect,
} from "#config/schema/attribute.ts";
import { item } from "#config/schema/item.ts";
import { id, integer, MOST_MS, oneOf, text } from "#config/schema/primitive.ts";

const reverseProxyOptions = item({
  connect_timeout: defaulted(
    integer(100, 600_000),
    10_000,
    "Milliseconds to reach the server; then clients get 504.",
  ),
  response_timeout: defaulted(
    integer(100, MOST_MS),
    60_000,
    "Milliseconds from the end of a request to the begin of its answer; then clients get 504.",
  ),
  idle_timeout: defaulted(
    integer(100, MOST_MS),
    60_000,
    "Milliseconds in which more of a request or of an answer has to come; then it is cut off.",
  ),
  max_requests: defaulted(
    integer(1, 1_000_000),
    1_000,
    "Most requests and WebSockets at once; others get 503.",
  ),
});

/** The options of such a path that sets none. */
export const defaultReverseProxyOptions = defaultsOf(reverseProxyOptions);

/** `type: reverseproxy`. */
export const reverseProxyService = item({
  id: withoutEffect(id),
  type: required(v.literal("reverseproxy"), "Passes requests to another HTTP server."),
  host: required(text, "Name or address of the server."),
  port: optional(integer(1, 65_535), "Its port; absent: 80, with `tls` 443. Crossbar requires it."),
  path: optional(v.string(), "Put before the rest of each path; absent: nothing is."),
  forwarded_port: optional(
    integer(1, 65_535),
    "X-Forwarded-Port; absent: that of the client's request (in Crossbar: 80).",
  ),
  forwarded_proto: optional(
    oneOf(["http", "https"]),
    "X-Forwarded-Proto; absent: that of the client's request (in Crossbar: http).",
  ),
  tls: optional(
    connectingTls,
    "Extension. `true`, or how the server's certificate is checked; absent: no TLS.",
  ),
  options: optional(reverseProxyOptions, "Extension. Deadlines and limits."),
});

/** Such a path as written. */
export type ReverseProxyItem = v.InferOutput<typeof reverseProxyService>;
