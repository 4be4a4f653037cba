/** The options of transports that set none, as the loader of node.json fills them in. */

import type { RawSocketOptions } from "#config/options/rawsocket-config.ts";
import type { DeflateOptions, WebSocketOptions } from "#config/options/websocket-config.ts";
import { loadNode, transportsOf } from "./loaded-node.ts";

const { config } = await loadNode({
  version: 2,
  workers: [
    {
      type: "router",
      realms: [{ name: "realm1", roles: [] }],
      transports: [
        {
          type: "websocket",
          endpoint: { type: "unix", path: "ws.sock" },
          options: { compression: { deflate: {} } },
        },
        { type: "rawsocket", endpoint: { type: "unix", path: "raw.sock" } },
      ],
    },
  ],
});
const [webSocket, rawSocket] = transportsOf(config);
if (webSocket?.type !== "websocket" || rawSocket?.type !== "rawsocket") {
  throw new Error("Cannot take defaults out of a node: it was loaded as another one");
}
const { compression } = webSocket.options;

/** Of a WebSocket. No pings are sent, and nothing is compressed. */
export const webSocketDefaults: WebSocketOptions = { ...webSocket.options, compression: null };

/** Of a RawSocket. No pings are sent. */
export const rawSocketDefaults: RawSocketOptions = rawSocket.options;

/** `compression.deflate` with these options, and the defaults for the others. */
export function deflating(options: Partial<DeflateOptions>): DeflateOptions {
  if (!compression) throw new Error("Cannot take the defaults of deflate: there are none");
  return { ...compression.deflate, ...options };
}
