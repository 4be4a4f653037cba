/**
 * Listening transports.
 *
 * @module
 */

import * as v from "valibot";
import { sessionAuth } from "#config/auth/auth-schema.ts";
import { listeningEndpoint } from "#config/endpoint/endpoint-schema.ts";
import { forwarding, limits } from "#config/options/limits-schema.ts";
import { rawsocketOptions, websocketOptions } from "#config/options/websocket-options-schema.ts";
import {
  byType,
  id,
  integer,
  item,
  notSupported,
  oneOf,
  optional,
  required,
  serializers,
  text,
} from "#config/schema/primitive.ts";
import { cookie } from "#config/web-service/cookie-schema.ts";
import { paths, webSockets } from "#config/web-service/web-service-schema.ts";

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
  serializers: serializers("Serializers for clients."),
  auth: optional(
    sessionAuth,
    'Authmethods; absent: anonymous. Extension: `"passthrough"`, the router authenticates.',
  ),
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
  serializers: serializers("Serializers for clients."),
  auth: optional(
    sessionAuth,
    'Authmethods; absent: anonymous. Extension: `"passthrough"`, the router authenticates.',
  ),
  options: optional(rawsocketOptions, "Options."),
  debug: optional(v.boolean(), "Accepted, has no effect."),
  ...limits,
});

const refusedMqtt = v.custom<undefined>((value) => value === undefined, "MQTT is not supported");

/** The parts of a universal transport have no endpoint of their own. */
const universalRawsocket = item({
  type: optional(v.literal("rawsocket"), "May be said, has no effect."),
  serializers: serializers("Serializers for clients."),
  auth: optional(
    sessionAuth,
    'Authmethods; absent: anonymous. Extension: `"passthrough"`, the router authenticates.',
  ),
  options: optional(rawsocketOptions, "Options."),
  debug: optional(v.boolean(), "Accepted, has no effect."),
});

const universalWeb = item({
  type: optional(v.literal("web"), "May be said, has no effect."),
  paths: required(paths, "Path name -> Web service."),
  options: optional(webOptions, "Options."),
});

const universal = item({
  id: optional(id, "Absent: `transport000` and so on."),
  type: required(v.literal("universal"), "RawSocket, WebSocket and Web services on one socket."),
  endpoint: required(listeningEndpoint, "The socket to listen on."),
  rawsocket: optional(universalRawsocket, "WAMP over RawSocket; absent: not spoken."),
  websocket: optional(
    webSockets,
    "Path name -> WAMP over WebSocket; goes before a path of the same name in `web`.",
  ),
  web: optional(universalWeb, "Web services; absent: none."),
  mqtt: optional(refusedMqtt, "Not supported."),
  ...limits,
  ...forwarding,
});

const testee = {
  id: optional(id, "Absent: `transport000` and so on."),
  endpoint: required(listeningEndpoint, "The socket to listen on."),
  url: optional(text, "Accepted, has no effect."),
  options: optional(websocketOptions, "Options."),
  debug: optional(v.boolean(), "Accepted, has no effect."),
};

const websocketTestee = item({
  ...testee,
  type: required(v.literal("websocket.testee"), "Sends every WebSocket message back; no WAMP."),
});

/** The one transport of a `websocket-testee` worker; Crossbar spells its type `websocket`. */
export const testeeTransport = item({
  ...testee,
  type: required(oneOf(["websocket", "websocket.testee"]), "The same, whichever is written."),
});

/** The transport of a testee as written. */
export type TesteeTransportItem = v.InferOutput<typeof testeeTransport>;

/** A listening transport. */
export const transport = byType(
  { web, websocket, rawsocket, universal, "websocket.testee": websocketTestee },
  notSupported("transport type", ["mqtt", "flashpolicy", "stream.testee"], " yet"),
);

/** RawSocket as written, with an endpoint of its own or within a universal transport. */
export type RawSocketItem = Pick<
  v.InferOutput<typeof rawsocket>,
  "serializers" | "auth" | "options"
>;

/** A universal transport as written. */
export type UniversalItem = v.InferOutput<typeof universal>;

/** A listening transport as written. */
export type TransportItem = v.InferOutput<typeof transport>;
