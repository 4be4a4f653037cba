/**
 * The listening side of RawSocket: each connection that shakes hands becomes a peer.
 *
 * @module
 */

import type { Socket, SocketHandler } from "bun";

import type { ListeningEndpointConfig, RawSocketTransportConfig } from "#config/node-config.ts";
import { connectionLimitFor } from "#transport/endpoint/connection-limit.ts";
import { type ListeningSocket, listenOn } from "#transport/endpoint/listen.ts";
import { hasLeft, printTcpPeer, printUnixPeer } from "#transport/endpoint/peer-address.ts";
import type { AcceptPeerWithSession, Listener, TransportContext } from "#transport/listener.ts";
import type { ConnectionDetails } from "#wamp/peer.ts";
import { RawSocketAcceptor, type RawSocketConnection, rawSocketUrl } from "./rawsocket-acceptor.ts";

/**
 * Listens for RawSocket clients. `accept` is called with every peer whose handshake is done.
 *
 * @throws Failure when the endpoint cannot be listened on.
 */
export async function startRawSocketListener(
  config: RawSocketTransportConfig,
  accept: AcceptPeerWithSession,
  context: TransportContext,
): Promise<Listener> {
  const { id, endpoint } = config;
  const limit = connectionLimitFor(config.limits, id, context.log);
  const acceptor = new RawSocketAcceptor(config, accept, context.log, limit);
  const events = socketEvents(endpoint, acceptor);
  let listening: ListeningSocket | null = await listenOn(endpoint, events);
  const urls = [rawSocketUrl(endpoint, listening.port)];
  const stopAccepting = () => {
    listening?.stop();
    listening = null;
  };
  const close = () => {
    stopAccepting();
    return acceptor.close();
  };
  return { id, urls, stopAccepting, renewCertificates() {}, close };
}

/** A connection that was over before it was accepted has no data. */
function socketEvents(
  endpoint: ListeningEndpointConfig,
  acceptor: RawSocketAcceptor,
): SocketHandler<RawSocketConnection> {
  return {
    open(socket) {
      if (hasLeft(endpoint, socket)) socket.terminate();
      else socket.data = acceptor.accept(socket, detailsOf(socket, endpoint));
    },
    data: (socket, chunk) => socket.data.received(chunk),
    drain: (socket) => socket.data.drained(),
    close: (socket, error) => socket.data?.closed(error),
    error(socket, error) {
      const transport = acceptor.config.id;
      acceptor.log.error("rawsocket event failed", { transport, error: error.message });
      socket.terminate();
    },
  };
}

function detailsOf(socket: Socket<unknown>, endpoint: ListeningEndpointConfig): ConnectionDetails {
  if (endpoint.type === "unix") {
    return { peer: printUnixPeer(endpoint.path), isSecure: false, isUnixSocket: true };
  }
  const peer = printTcpPeer(socket.remoteAddress, socket.remotePort);
  return { peer, isSecure: endpoint.tls !== undefined, isUnixSocket: false };
}
