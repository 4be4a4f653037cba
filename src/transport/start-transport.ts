/**
 * A configured transport becomes a running listener, by its `type`.
 *
 * @module
 */

import type { TransportConfig } from "#config/node-config.ts";
import type { AcceptPeerWithSession, Listener, TransportContext } from "./listener.ts";
import { startRawSocketListener } from "./rawsocket/rawsocket-listener.ts";
import { startWebServer } from "./web/web-server.ts";

/**
 * Starts one transport; every client that connects becomes a peer that is handed to `accept`.
 *
 * @throws Failure when it cannot listen, or a Web service cannot be opened.
 */
export function startTransport(
  config: TransportConfig,
  accept: AcceptPeerWithSession,
  context: TransportContext,
): Promise<Listener> {
  switch (config.type) {
    case "web":
    case "websocket":
    case "websocket.testee":
      return startWebServer(config, accept, context);
    case "rawsocket":
      return startRawSocketListener(config, accept, context);
  }
}
