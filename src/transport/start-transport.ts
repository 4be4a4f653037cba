/**
 * A configured transport becomes a running listener, by its `type`.
 *
 * @module
 */

import type { TransportConfig } from "#config/node-config.ts";
import { needsAcceptor, startAcceptingListener } from "./accepting-listener.ts";
import type { AcceptPeerWithSession, Listener, TransportContext } from "./listener.ts";
import { rateLimitedAccept } from "./rate-limited-peer.ts";
import { startRawSocketListener } from "./rawsocket/rawsocket-listener.ts";

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
  const limits = config.type === "websocket.testee" ? undefined : config.limits;
  const acceptPaced = rateLimitedAccept(limits, accept, context.log);
  if (config.type === "rawsocket" && !needsAcceptor(config.endpoint)) {
    return startRawSocketListener(config, acceptPaced, context);
  }
  return startAcceptingListener(config, acceptPaced, context);
}
