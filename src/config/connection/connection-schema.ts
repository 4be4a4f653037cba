/**
 * `connections`, `routes` and `backends`: how a proxy reaches routers.
 *
 * @module
 */

import * as v from "valibot";
import { connectionAuth } from "#config/auth/auth-schema.ts";
import { connectingEndpoint } from "#config/endpoint/endpoint-schema.ts";
import {
  anyMap,
  byType,
  defaulted,
  integer,
  item,
  mapOf,
  milliseconds,
  oneOf,
  optional,
  required,
  serializer,
  serializers,
  text,
} from "#config/schema/primitive.ts";

const retries = {
  max_retries: optional(v.number(), "Accepted, not honoured."),
  max_retry_delay: optional(v.number(), "Accepted, not honoured."),
  initial_retry_delay: optional(v.number(), "Accepted, not honoured."),
  retry_delay_growth: optional(v.number(), "Accepted, not honoured."),
  retry_delay_jitter: optional(v.number(), "Accepted, not honoured."),
  headers: optional(anyMap, "Accepted, not honoured."),
  proxy: v.optional(
    v.custom<unknown>(() => false, "connecting through an HTTP proxy is not supported"),
  ),
  realm: v.optional(
    v.custom<unknown>(
      () => false,
      "a backend for one realm is not supported; use connections and routes",
    ),
  ),
};

const websocketUrl = v.pipe(
  text,
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    const protocol = URL.canParse(dataset.value) ? new URL(dataset.value).protocol : "";
    if (protocol !== "ws:" && protocol !== "wss:") {
      addIssue({ message: `expected a URL such as "ws://localhost", found "${dataset.value}"` });
    }
  }),
);

/** WAMP over WebSocket to a router. */
export const connectingWebsocket = item({
  type: defaulted(v.literal("websocket"), "websocket", "WAMP over WebSocket."),
  endpoint: required(connectingEndpoint, "The socket to connect to."),
  url: required(websocketUrl, "Its host and path go into the request."),
  serializers: serializers("In order of preference."),
  options: optional(anyMap, "Accepted, not honoured."),
  ...retries,
});

/** WAMP over RawSocket to a router. */
export const connectingRawsocket = item({
  type: required(v.literal("rawsocket"), "WAMP over RawSocket."),
  endpoint: required(connectingEndpoint, "The socket to connect to."),
  url: optional(text, "Accepted; the endpoint decides."),
  serializer: defaulted(serializer, "cbor", "The one serializer."),
  options: optional(anyMap, "`max_message_size` or `maxMessagePayloadSize`: 512 to 16777216."),
  ...retries,
});

/** A connecting transport. */
export const connectingTransport = byType(
  { websocket: connectingWebsocket, rawsocket: connectingRawsocket },
  {},
  "websocket",
);

/** A connecting transport as written. */
export type ConnectingTransportItem = v.InferOutput<typeof connectingTransport>;

const healthCheck = item({
  interval: defaulted(
    v.pipe(milliseconds, v.minValue(1000, "expected at least 1000 milliseconds, found 0")),
    2000,
    "Milliseconds between two checks.",
  ),
  rise: defaulted(integer(1, 100), 2, "Successes in a row after which the router is up."),
  fall: defaulted(integer(1, 100), 1, "Failures in a row after which it is down."),
});

/** How the health of a router is looked at, as written. */
export type HealthCheckItem = v.InferOutput<typeof healthCheck>;

/** One item of `connections`. */
export const connection = item({
  transport: required(connectingTransport, "How to reach the router."),
  auth: optional(connectionAuth, "How the proxy proves itself; absent: anonymous-proxy."),
  health_check: optional(
    healthCheck,
    "Extension. Looks at the router all the time; absent: only while it is down, and only where a route has another.",
  ),
});

const routeTarget = v.custom<string | string[]>(
  (value) => isId(value) || (Array.isArray(value) && value.length > 0 && value.every(isId)),
  (issue) => `expected a connection id or a list of them, found ${issue.received}`,
);

function isId(value: unknown): boolean {
  return typeof value === "string" && value !== "";
}

/** `balancing` of a worker. */
export const balancing = item({
  policy: defaulted(
    oneOf(["round_robin", "least_sessions"]),
    "round_robin",
    "Which connection of a route takes the next session; sessions are those of this worker.",
  ),
  slow_start: defaulted(
    milliseconds,
    10_000,
    "Milliseconds in which a router that is up again comes to its full share; 0: at once.",
  ),
});

/** `routes`: realm -> role -> connection, or several. */
export const routes = mapOf(v.string(), mapOf(v.string(), routeTarget));

/** `backends` of a `websocket-proxy` path. */
export const backends = v.pipe(
  v.array(connectingTransport),
  v.check(
    (list) => list.length === 1,
    (issue) => `expected exactly one backend, found ${(issue.input as unknown[]).length}`,
  ),
);
