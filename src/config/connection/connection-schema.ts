/**
 * `connections`, `routes` and `backends`: how a proxy reaches routers.
 *
 * @module
 */

import * as v from "valibot";
import { connectionAuth } from "#config/auth/auth-schema.ts";
import { connectingEndpoint } from "#config/endpoint/endpoint-schema.ts";
import { defaulted, defaultsOf, optional, refused, required } from "#config/schema/attribute.ts";
import { byType } from "#config/schema/by-type.ts";
import { nameFound } from "#config/schema/fault-sentence.ts";
import { item, lenientItem, mapOf, openItem } from "#config/schema/item.ts";
import { withKeywords } from "#config/schema/json-keywords.ts";
import { anything, integer, MOST_MS, milliseconds, oneOf, text } from "#config/schema/primitive.ts";
import { serializer, serializers } from "#config/schema/serializers.ts";
import { unchecked } from "#config/schema/tolerated-values.ts";
import { always, unhonoured } from "#config/schema/unhonoured.ts";

const retry = optional(
  unhonoured(anything, always, "a client whose router is away is refused at once"),
);

/** Attributes of Crossbar that both connecting transports have. */
const common = {
  max_retries: retry,
  max_retry_delay: retry,
  initial_retry_delay: retry,
  retry_delay_growth: retry,
  retry_delay_jitter: retry,
  headers: optional(unhonoured(anything, always, "no headers are added for the router")),
  proxy: refused("connecting through an HTTP proxy is not supported"),
  realm: refused("a backend for one realm is not supported; use connections and routes"),
};

const unhonouredOption = unhonoured(anything, always, "the program's defaults apply");

const messageSize = withKeywords(
  v.custom<number>(
    (value) => Number.isInteger(value) && Number(value) >= 512 && Number(value) <= 16_777_216,
    ({ input }) => `expected an integer from 512 to 16777216, found ${nameFound(input)}`,
  ),
  { type: "integer", minimum: 512, maximum: 16_777_216 },
);

const rawsocketOptions = openItem(
  {
    max_message_size: optional(
      unchecked(messageSize),
      "Longest message taken from the router, in octets.",
    ),
    maxMessagePayloadSize: optional(
      unchecked(messageSize),
      "The same, if `max_message_size` is absent.",
    ),
  },
  unhonouredOption,
);

/** The URL of a WebSocket, by the rules of autobahn: with a host, without a fragment. */
export const websocketUrl = v.pipe(
  text,
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    const url = URL.canParse(dataset.value) ? new URL(dataset.value) : null;
    if (url?.protocol !== "ws:" && url?.protocol !== "wss:") {
      addIssue({ message: `expected a URL such as "ws://localhost", found "${dataset.value}"` });
    } else if (url.hash !== "") {
      addIssue({ message: `expected a URL without a fragment, found "${dataset.value}"` });
    }
  }),
);

/** WAMP over WebSocket to a router. */
export const connectingWebsocket = lenientItem({
  type: defaulted(unchecked(v.literal("websocket")), "websocket", "WAMP over WebSocket."),
  endpoint: required(connectingEndpoint, "The socket to connect to."),
  url: required(websocketUrl, "URL of the request; the connection is made to `endpoint`."),
  serializers: serializers("In order of preference."),
  options: optional(mapOf(v.string(), unhonouredOption)),
  ...common,
});

/** WAMP over RawSocket to a router. */
export const connectingRawsocket = lenientItem({
  type: required(v.literal("rawsocket"), "WAMP over RawSocket."),
  endpoint: required(connectingEndpoint, "The socket to connect to."),
  url: optional(anything, "Accepted; the endpoint decides."),
  serializer: defaulted(serializer, "cbor", "The one serializer."),
  options: optional(rawsocketOptions, "Options."),
  ...common,
});

/** A connecting transport. */
export const connectingTransport = byType(
  { websocket: connectingWebsocket, rawsocket: connectingRawsocket },
  { typeIfAbsent: "websocket" },
);

/** A connecting transport as written. */
export type ConnectingTransportItem = v.InferOutput<typeof connectingTransport>;

const healthCheck = item({
  interval: defaulted(integer(1000, MOST_MS), 2000, "Milliseconds between two checks."),
  rise: defaulted(integer(1, 100), 2, "Successes in a row after which the router is up."),
  fall: defaulted(integer(1, 100), 1, "Failures in a row after which it is down."),
});

/** A health check as written. */
export type HealthCheckItem = v.InferOutput<typeof healthCheck>;

/** The checks of a connection that shares a route and has no `health_check` of its own. */
export const defaultHealthCheck = defaultsOf(healthCheck);

/** One item of `connections`. */
export const connection = lenientItem({
  transport: required(connectingTransport, "How to reach the router."),
  auth: optional(
    connectionAuth,
    "How the proxy authenticates to the router; absent: anonymous-proxy.",
  ),
  health_check: optional(
    healthCheck,
    "Extension. Checks the router at all times; absent: only while it is down, and only if a route has another connection.",
  ),
  dns_refresh: optional(
    integer(1000, MOST_MS),
    "Extension. Milliseconds after which the name of the host is resolved again, up to a tenth sooner or later; absent: 30000.",
  ),
  on_down: defaulted(
    oneOf(["keep", "close"]),
    "keep",
    "Extension. What becomes of the sessions of a router that goes down: `keep` or `close`.",
  ),
});

/** A connection as written. */
export type ConnectionItem = v.InferOutput<typeof connection>;

const routeTarget = withKeywords(
  v.custom<string | string[]>(
    (value) => isId(value) || (Array.isArray(value) && value.every(isId)),
    (issue) => `expected a connection id or a list of them, found ${issue.received}`,
  ),
  {
    type: ["string", "array"],
    minLength: 1,
    items: { type: "string", minLength: 1 },
  },
);

function isId(value: unknown): boolean {
  return typeof value === "string" && value !== "";
}

/** `balancing` of a worker. */
export const balancing = item({
  policy: defaulted(
    oneOf(["round_robin", "least_sessions"]),
    "round_robin",
    "Which connection of a route gets the next session; each worker counts its own sessions.",
  ),
  slow_start: defaulted(
    milliseconds,
    10_000,
    "Milliseconds after which a router that is up again gets its full share of sessions; 0: at once.",
  ),
});

/** The balancing of a worker that sets none. */
export const defaultBalancing = defaultsOf(balancing);

/** `routes`: realm -> role -> connection, or several. */
export const routes = mapOf(v.string(), mapOf(v.string(), routeTarget));

/** Routes as written. */
export type RoutesItem = v.InferOutput<typeof routes>;

/** `backends` of a `websocket-proxy` path. */
export const backends = withKeywords(
  v.pipe(
    v.array(connectingTransport),
    v.check(
      (list) => list.length === 1,
      (issue) => `expected exactly one backend, found ${(issue.input as unknown[]).length}`,
    ),
  ),
  { minItems: 1, maxItems: 1 },
);
