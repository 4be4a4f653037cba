/**
 * Listening transports.
 *
 * @module
 */

import * as v from "valibot";
import { auth } from "./auth.ts";
import { cookie } from "./cookie.ts";
import { listeningEndpoint } from "./endpoint.ts";
import { forwarding, limits } from "./limits.ts";
import {
  byType,
  defaulted,
  id,
  integer,
  item,
  notSupported,
  optional,
  required,
  serializers,
  text,
} from "./primitive.ts";
import { paths } from "./web-service.ts";
import { rawsocketOptions, websocketOptions } from "./websocket-options.ts";

const webOptions = item({
  access_log: optional(v.boolean(), "Accepted; `true` is not honoured."),
  display_tracebacks: optional(v.boolean(), "Accepted; `true` is not honoured."),
  hsts: optional(v.boolean(), "Accepted; `true` is not honoured."),
  hsts_max_age: optional(integer(0, 2_147_483_647), "Accepted, not honoured."),
  client_timeout: optional(v.nullable(integer(1, 86_400)), "Accepted, not honoured."),
});

const web = item({
  id: optional(id, "Absent: `transport000` and so on."),
  type: required(v.literal("web"), "Web services and WAMP over WebSocket, by path."),
  endpoint: required(listeningEndpoint, "The socket to listen on."),
  paths: required(paths, "Path name -> Web service."),
  options: optional(webOptions, "Options."),
  ...limits,
  ...forwarding,
});

const websocket = item({
  id: optional(id, "Absent: `transport000` and so on."),
  type: required(v.literal("websocket"), "Nothing but WAMP over WebSocket, whatever the path."),
  endpoint: required(listeningEndpoint, "The socket to listen on."),
  url: optional(text, "Accepted, has no effect."),
  serializers: defaulted(serializers, ["cbor", "msgpack", "json"], "Serializers for clients."),
  auth: optional(auth, "Authmethods; absent: anonymous."),
  options: optional(websocketOptions, "Options."),
  cookie: optional(cookie, "A cookie for browsers; absent: none."),
  debug: optional(v.boolean(), "Accepted, has no effect."),
  ...limits,
  ...forwarding,
});

const rawsocket = item({
  id: optional(id, "Absent: `transport000` and so on."),
  type: required(v.literal("rawsocket"), "WAMP over RawSocket."),
  endpoint: required(listeningEndpoint, "The socket to listen on."),
  serializers: defaulted(serializers, ["cbor", "msgpack", "json"], "Serializers for clients."),
  auth: optional(auth, "Authmethods; absent: anonymous."),
  options: optional(rawsocketOptions, "Options."),
  debug: optional(v.boolean(), "Accepted, has no effect."),
  ...limits,
});

/** A listening transport. */
export const transport = byType(
  { web, websocket, rawsocket },
  notSupported(
    "transport type",
    ["universal", "mqtt", "flashpolicy", "websocket.testee", "stream.testee"],
    " yet",
  ),
);

/** A listening transport as written. */
export type TransportItem = v.InferOutput<typeof transport>;
