/**
 * connectPeer: a router, reached in the way that a connection of node.json says.
 *
 * @module
 */

import type { ConnectingTransportConfig } from "#config/node-config.ts";
import type { Peer, PeerHandler, SerializerName } from "#wamp/peer.ts";
import { connectRawSocketPeer } from "./rawsocket/rawsocket-connector.ts";
import { connectWebSocketPeer } from "./websocket/websocket-connector.ts";

/** What a session asks of its connection to a router. */
export interface ConnectOptions {
  /** Preferred where the connection leaves a choice. */
  serializer: SerializerName;
  /** Octets that may wait before the router counts as behind. */
  maxBuffered: number;
  /** Aborts when nobody waits for the connection any more. */
  canceled?: AbortSignal;
}

/**
 * Connects to a router, handshake included, within the endpoint's deadline; rejects with a Failure
 * whose source is the router. What the router sends before the promise is settled reaches
 * `handler` all the same.
 */
export function connectPeer(
  transport: ConnectingTransportConfig,
  options: ConnectOptions,
  handler: PeerHandler,
): Promise<Peer> {
  return transport.type === "rawsocket"
    ? connectRawSocketPeer(transport, options, handler)
    : connectWebSocketPeer(transport, options, handler);
}
