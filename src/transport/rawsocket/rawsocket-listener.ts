/**
 * startRawSocketListener: a RawSocket transport on an endpoint without TLS and PROXY headers, which needs no
 * EndpointAcceptor.
 *
 * @module
 */

import type { SocketHandler } from "bun";

import type { ListeningEndpointConfig } from "#config/endpoint/endpoint-config.ts";
import type { RawSocketTransportConfig } from "#config/transport/transport-config.ts";
import { connectionLimitFor } from "#transport/endpoint/connection-limit.ts";
import { descriptorBudget } from "#transport/endpoint/descriptor-budget.ts";
import { type ListeningSocket, listenOn } from "#transport/endpoint/listen.ts";
import { detailsOfAccepted } from "#transport/endpoint/peer-address.ts";
import {
  type AcceptPeerWithSession,
  descriptorsPerClient,
  type Listener,
  type TransportContext,
} from "#transport/listener.ts";
import { RawSocketAcceptor, type RawSocketConnection, rawSocketUrl } from "./rawsocket-acceptor.ts";

/**
 * Listens for RawSocket clients. `accept` is called with every peer after its handshake.
 *
 * @throws Failure when the endpoint cannot be listened on.
 */
export async function startRawSocketListener(
  config: RawSocketTransportConfig,
  accept: AcceptPeerWithSession,
  context: TransportContext,
): Promise<Listener> {
  const { id, endpoint } = config;
  const { log } = context;
  const acceptor = new RawSocketAcceptor(config, accept, log, connectionLimitFor(config, log));
  let listening: ListeningSocket | null = await listenOn(
    endpoint,
    socketEvents(endpoint, acceptor, descriptorsPerClient(context)),
    log,
  );
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

/** A connection that was reset before it was accepted, or is refused at once, has no data. */
function socketEvents(
  endpoint: ListeningEndpointConfig,
  acceptor: RawSocketAcceptor,
  descriptors: number,
): SocketHandler<RawSocketConnection> {
  const { log } = acceptor;
  return {
    open(socket) {
      const details = detailsOfAccepted(endpoint, socket);
      if (details === null || !descriptorBudget.take(descriptors, log)) socket.terminate();
      else socket.data = acceptor.accept(socket, details);
    },
    data: (socket, chunk) => socket.data.received(chunk),
    drain: (socket) => socket.data.drained(),
    end: (socket) => socket.data.ended(),
    close(socket, error) {
      if (socket.data === undefined) return;
      descriptorBudget.release(descriptors, log);
      socket.data.closed(error);
    },
    error(socket, error) {
      const transport = acceptor.config.id;
      log.error("rawsocket event failed", { transport, error: error.message });
      socket.terminate();
    },
  };
}
