/**
 * `type: websocket-reverseproxy`: a path whose WebSockets are relayed to another server.
 *
 * @module
 */

import * as v from "valibot";
import { connectingWebsocket } from "#config/connection/connection-schema.ts";
import { websocketOptions } from "#config/options/websocket-options-schema.ts";
import { optional, required, withoutEffect } from "#config/schema/attribute.ts";
import { item } from "#config/schema/item.ts";
import { id, text } from "#config/schema/primitive.ts";

/** `type: websocket-reverseproxy`. */
export const websocketReverseProxyService = item({
  id: withoutEffect(id),
  type: required(
    v.literal("websocket-reverseproxy"),
    "Relays WebSockets of any subprotocol to another server.",
  ),
  url: withoutEffect(text),
  options: optional(
    websocketOptions,
    "Options of the clients' side; those of sessions have no effect.",
  ),
  backend: required(connectingWebsocket, "The server; its `serializers` have no effect."),
});

/** Such a path as written. */
export type WebSocketReverseProxyItem = v.InferOutput<typeof websocketReverseProxyService>;
