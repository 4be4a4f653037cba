/**
 * startTransport: starts the listener of a configured transport, by its `type`.
 *
 * @module
 */

import type { TransportConfig } from "#config/transport/transport-config.ts";
import { needsAcceptor, startAcceptingListener } from "./accepting-listener.ts";
import type { AcceptPeerWithSession, Listener, TransportContext } from "./listener.ts";
import { rateLimitedAccept } from "./rate-limited-peer.ts";
import { startRawSocketListener } from "./rawsocket/rawsocket-listener.ts";

/**
 * Starts one transport; `accept` is called with a peer for every client that connects.
 *
 * @throws Failure when it cannot listen, or a Web service cannot be opened.
 */
export function startTransport(
  config: TransportConfig,
  accept: AcceptPeerWithSession,
  context: TransportContext,
): Promise<Listener> {
  const limits = "limits" in config ? config.limits : undefined;
  const acceptLimited = rateLimitedAccept(limits, accept, context.log);
  if (config.type === "rawsocket" && !needsAcceptor(config.endpoint)) {
    return startRawSocketListener(config, acceptLimited, context);
  }
  return startAcceptingListener(config, acceptLimited, context);
}
