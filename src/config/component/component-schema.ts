/**
 * Components of containers and of router workers.
 *
 * @module
 */

import * as v from "valibot";
import { websocketUrl } from "#config/connection/connection-schema.ts";
import { connectingEndpoint } from "#config/endpoint/endpoint-schema.ts";
import { defaulted, optional, required, withoutEffect } from "#config/schema/attribute.ts";
import { byType } from "#config/schema/by-type.ts";
import { item, mapOf } from "#config/schema/item.ts";
import { anyMap, anything, dottedName, id, text } from "#config/schema/primitive.ts";
import { serializer, serializers } from "#config/schema/serializers.ts";
import { always, meaningless, unhonoured } from "#config/schema/unhonoured.ts";
import { clientRawsocketOptions, clientWebsocketOptions } from "./client-options-schema.ts";

const callbacks = mapOf(
  v.picklist(
    ["connect", "join", "leave", "disconnect"],
    (issue) => `expected connect, join, leave or disconnect, found ${issue.received}`,
  ),
  dottedName,
);

const websocket = item({
  id: withoutEffect(id),
  type: required(v.literal("websocket"), "WAMP over WebSocket."),
  endpoint: required(connectingEndpoint, "The socket to connect to."),
  url: required(websocketUrl, "URL of the request; the connection is made to `endpoint`."),
  serializers: serializers("In order of preference."),
  options: optional(clientWebsocketOptions, "Options of autobahn's protocol."),
});

const rawsocket = item({
  id: withoutEffect(id),
  type: required(v.literal("rawsocket"), "WAMP over RawSocket."),
  endpoint: required(connectingEndpoint, "The socket to connect to."),
  serializer: required(serializer, "The one serializer."),
  options: optional(clientRawsocketOptions, "Options of autobahn's protocol."),
  url: optional(unhonoured(anything, always, "the endpoint decides")),
  debug: meaningless(anything),
});

const transport = byType({ websocket, rawsocket });

/** The connection of a container's component as written. */
export type ComponentTransportItem = v.InferOutput<typeof transport>;

const common = {
  id: optional(text, "Absent: `component001` and so on in each worker."),
  realm: required(text, "The realm that it joins."),
  extra: optional(anyMap, "`config.extra` of the session, with `cbdir` added."),
};

const ofContainer = { ...common, transport: required(transport, "How it reaches its router.") };

const ofRouter = {
  ...common,
  role: defaulted(text, "anonymous", "Its role; `trusted` may do everything."),
  references: optional(unhonoured(anything, always, "there is nothing to refer to")),
};

const classAttributes = {
  type: required(v.literal("class"), "A class derived from autobahn's ApplicationSession."),
  classname: required(dottedName, "`package.module.Class`."),
};

const functionAttributes = {
  type: required(v.literal("function"), "Functions that a plain session calls."),
  callbacks: defaulted(callbacks, {}, "join, leave, connect, disconnect -> `module.function`."),
  auth: optional(unhonoured(anything, always, "the session joins as its defaults say")),
};

const wampletAttributes = {
  type: required(v.literal("wamplet"), "A factory that a Python package registers."),
  package: required(text, "The package."),
  entrypoint: required(text, "Its entry point in the group `autobahn.twisted.wamplet`."),
};

/** A component of a container. */
export const containerComponent = byType({
  class: item({ ...classAttributes, ...ofContainer }),
  function: item({ ...functionAttributes, ...ofContainer }),
  wamplet: item({ ...wampletAttributes, ...ofContainer }),
});

/** A component of a router worker. */
export const routerComponent = byType({
  class: item({ ...classAttributes, ...ofRouter }),
  function: item({ ...functionAttributes, ...ofRouter }),
  wamplet: item({ ...wampletAttributes, ...ofRouter }),
});

/** A component as written. */
export type ContainerComponentItem = v.InferOutput<typeof containerComponent>;

/** A component of a router worker as written. */
export type RouterComponentItem = v.InferOutput<typeof routerComponent>;
