/**
 * RouterConnector: opens the connections of sessions to one router.
 *
 * @module
 */

import type { ConnectingTransportConfig } from "#config/connection/connection-config.ts";
import type { Peer, PeerHandler } from "#wamp/peer.ts";
import { type ConnectOptions, connectPeer } from "./peer-connector.ts";
import { SharedConnection } from "./rawsocket/shared-connection.ts";

/** One router, as a connection of node.json configures it. */
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
