/**
 * RouterConnector: connects to one router as a connection of node.json configures it.
 *
 * @module
 */

import type { ConnectingTransportConfig } from "#config/connection/connection-config.ts";
import type { Peer, PeerHandler } from "#wamp/peer.ts";
import type { SerializerName } from "#wamp/serializer-name.ts";
import type { SessionNeeds } from "./endpoint/session-needs.ts";
import { connectRawSocketPeer } from "./rawsocket/rawsocket-connector.ts";
import { SharedConnection } from "./rawsocket/shared-connection.ts";
import { connectWebSocketPeer } from "./websocket/websocket-connector.ts";

/** What a session needs of its connection to a router, and its serializer. */
export interface ConnectOptions extends SessionNeeds {
  /** Preferred where the connection has several. */
  serializer: SerializerName;
}

/** Opens the connections of sessions to one router. */
export class RouterConnector {
  readonly #transport: ConnectingTransportConfig;
  /** Over a Unix socket: asks the router for a connection that carries many sessions. */
  readonly #shared: SharedConnection | undefined;

  constructor(transport: ConnectingTransportConfig) {
    this.#transport = transport;
    const { type, endpoint } = transport;
    if (type === "rawsocket" && endpoint.type === "unix") {
      this.#shared = new SharedConnection(endpoint);
    }
  }

  /** Connects as `connectPeer` does; the peer may share its connection with those of other sessions. */
  async connect(options: ConnectOptions, handler: PeerHandler): Promise<Peer> {
    try {
      return await connectPeer(this.#transport, options, handler, this.#shared);
    } catch (thrown) {
      if (!options.canceled?.aborted) this.#shared?.forgetRefusal();
      throw thrown;
    }
  }
}

/**
 * Connects to a router, handshake included, within the endpoint's deadline; rejects with a Failure of
 * source `router`. `handler` also gets messages that arrive before the promise is settled. With `shared` the
 * peer is a stream of that connection, if the router grants streams.
 */
export function connectPeer(
  transport: ConnectingTransportConfig,
  options: ConnectOptions,
  handler: PeerHandler,
  shared?: SharedConnection,
): Promise<Peer> {
  return transport.type === "rawsocket"
    ? connectRawSocketPeer(transport, options, handler, shared)
    : connectWebSocketPeer(transport, options, handler);
}
