/**
 * Listening transports.
 *
 * @module
 */

import * as v from "valibot";
import { transportAuth } from "#config/auth/auth-schema.ts";
import { listeningEndpoint } from "#config/endpoint/endpoint-schema.ts";
import { mqttAttributes, mqttPart } from "#config/mqtt/mqtt-schema.ts";
import { forwarding, limits } from "#config/options/limits-schema.ts";
import { rawsocketOptions } from "#config/options/rawsocket-options-schema.ts";
import { websocketOptions } from "#config/options/websocket-options-schema.ts";
import { defaulted, optional, required, withoutEffect } from "#config/schema/attribute.ts";
import { byType } from "#config/schema/by-type.ts";
import { item } from "#config/schema/item.ts";
import { anything, id, integer, oneOf, text } from "#config/schema/primitive.ts";
import type { Schema } from "#config/schema/schema-shape.ts";
import { clientSerializers } from "#config/schema/serializers.ts";
import { unchecked } from "#config/schema/tolerated-values.ts";
import { allBut, always, itemNotOffered, only, unhonoured } from "#config/schema/unhonoured.ts";
import { paths, webSocketAttributes, webSockets } from "#config/web-service/web-service-schema.ts";

const transportId = optional(id, "Absent: `transport000` and so on.");

const endpoint = required(listeningEndpoint, "The socket to listen on.");

const webOptions = item({
  access_log: optional(v.boolean(), "Whether every request is logged; absent: `false`."),
  display_tracebacks: optional(
    unhonoured(v.boolean(), only(true), "no traceback is shown to clients"),
  ),
  hsts: optional(
    v.boolean(),
    "Whether every answer over TLS but 101 has the header Strict-Transport-Security; absent: `false`.",
  ),
  hsts_max_age: optional(
    integer(0, 2_147_483_647),
    "With `hsts`: seconds for which browsers use TLS alone, `0` makes them forget it; absent: a year.",
  ),
  client_timeout: optional(
    unhonoured(v.nullable(integer(1, 86_400)), allBut(null), "the program's own timeouts apply"),
  ),
});

const web = item({
  id: transportId,
  type: required(v.literal("web"), "Web services and WAMP over WebSocket, by path."),
  endpoint,
  paths: required(paths, "Path name -> Web service."),
  options: optional(webOptions, "Options."),
  ...limits,
  ...forwarding,
});

const websocket = item({
  id: transportId,
  type: required(v.literal("websocket"), "WAMP over WebSocket only, at every path."),
  endpoint,
  ...webSocketAttributes,
  ...limits,
  ...forwarding,
});

const rawSocketAttributes = {
  serializers: clientSerializers(),
  auth: transportAuth,
  options: optional(rawsocketOptions, "Options."),
  debug: withoutEffect(v.boolean()),
};

const rawsocket = item({
  id: transportId,
  type: required(v.literal("rawsocket"), "WAMP over RawSocket."),
  endpoint,
  ...rawSocketAttributes,
  ...limits,
});

const mqtt = item({
  id: transportId,
  type: required(v.literal("mqtt"), "MQTT clients, each of which is a WAMP session."),
  endpoint,
  ...mqttAttributes,
  ...limits,
});

/** Parts of a universal transport share its endpoint. */
const universalRawsocket = item({
  id: withoutEffect(id),
  type: withoutEffect(anything),
  ...rawSocketAttributes,
});

const universalWeb = item({
  id: withoutEffect(id),
  type: withoutEffect(anything),
  paths: required(paths, "Path name -> Web service."),
  options: optional(webOptions, "Options."),
});

const universal = item({
  id: transportId,
  type: required(
    v.literal("universal"),
    "RawSocket, WebSocket, Web services and MQTT on one socket.",
  ),
  endpoint,
  rawsocket: optional(universalRawsocket, "WAMP over RawSocket; absent: none."),
  websocket: optional(
    webSockets,
    "Path name -> WAMP over WebSocket; takes precedence over the same path in `web`.",
  ),
  web: optional(universalWeb, "Web services; absent: none."),
  mqtt: optional(mqttPart, "MQTT clients; absent: none."),
  ...limits,
  ...forwarding,
});

const testee = {
  id: transportId,
  endpoint,
  url: withoutEffect(text),
  options: optional(websocketOptions, "Options."),
  debug: withoutEffect(v.boolean()),
};

const websocketTestee = item({
  ...testee,
  type: required(v.literal("websocket.testee"), "Sends every WebSocket message back; no WAMP."),
});

function withoutSessions<S extends Schema>(schema: S) {
  return optional(unhonoured(schema, always, "a testee has no sessions"));
}

/** The one transport of a `websocket-testee` worker, of type `websocket` in Crossbar. */
export const testeeTransport = item({
  ...testee,
  type: defaulted(
    unchecked(oneOf(["websocket", "websocket.testee"])),
    "websocket",
    "Both words mean the same.",
  ),
  max_connections: optional(
    unhonoured(integer(1, 10_000_000), always, "a testee takes any number of connections"),
  ),
  serializers: withoutSessions(anything),
  auth: withoutSessions(anything),
  cookie: withoutSessions(anything),
});

/** The transport of a testee as written. */
export type TesteeTransportItem = v.InferOutput<typeof testeeTransport>;

function leftOut(type: string) {
  return itemNotOffered(type, "the transport is left out", "A transport of Crossbar.");
}

/** A listening transport. */
export const transport = byType(
  { web, websocket, rawsocket, mqtt, universal, "websocket.testee": websocketTestee },
  {
    unlisted: {
      flashpolicy: leftOut("flashpolicy"),
      "stream.testee": leftOut("stream.testee"),
    },
  },
);

/** The options of a Web transport as written. */
export type WebOptionsItem = v.InferOutput<typeof webOptions>;

/** Whether a transport is of a type that this program has. */
export function isOffered({ type }: { type: string }): boolean {
  return Object.hasOwn(transport.types, type);
}

/** RawSocket as written, with an endpoint of its own or within a universal transport. */
export type RawSocketItem = Pick<
  v.InferOutput<typeof rawsocket>,
  "serializers" | "auth" | "options"
>;

/** A universal transport as written. */
export type UniversalItem = v.InferOutput<typeof universal>;

/** A listening transport as written. */
export type TransportItem = v.InferOutput<typeof transport>;
