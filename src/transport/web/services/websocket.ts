/**
 * `type: websocket`: WAMP over WebSocket at a path of a Web server, sub-paths included.
 *
 * @module
 */

import type { WebSocketServiceConfig } from "#config/node-config.ts";
import type { AcceptPeerWithSession, TransportContext } from "#transport/listener.ts";
import type { WebService } from "#transport/web/web-service.ts";
import { openBatchedSession } from "#transport/websocket/batched-peer.ts";
import { acceptedOffer } from "#transport/websocket/deflate-offer.ts";
import type { WebSocketData } from "#transport/websocket/socket-events.ts";
import { badHandshake, judgeUpgrade } from "#transport/websocket/upgrade.ts";
import { openPeer, type PeerData } from "#transport/websocket/websocket-peer.ts";
import type { Peer, TransportDetails } from "#wamp/peer.ts";

/** The Web server around a WebSocket path: the only one that can turn a request into a socket. */
export interface WebSocketHost {
  /** Program and release, for the header Server. */
  readonly serverName: string;
  /** Completes the handshake with these headers; false when the request is not fit for it. */
  upgrade(request: Request, headers: Record<string, string>, data: WebSocketData): boolean;
  /** How the connection of this request came in. */
  detailsOf(request: Request): Pick<TransportDetails, "peer" | "isSecure" | "isUnixSocket">;
}

/** Stands for "no answer is due": the request has become a WebSocket. */
export const upgradedResponse = new Response(null, { status: 204 });

/** Opens the service of one WebSocket path. */
export function openWebSocketService(
  config: WebSocketServiceConfig,
  host: WebSocketHost,
  accept: AcceptPeerWithSession,
  { log }: TransportContext,
): WebService {
  const { options } = config;
  const acceptPeer = (peer: Peer) => accept(peer, config);
  const acceptBatched = (peer: Peer) => openBatchedSession(peer, acceptPeer);
  return {
    handle(request) {
      const verdict = judgeUpgrade(request, config);
      if (verdict.kind === "answer") return verdict.response;
      const { serializer, isBatched, protocol } = verdict.chosen;
      const data: PeerData = {
        options,
        details: { ...host.detailsOf(request), type: "websocket", serializer },
        log,
        accept: isBatched ? acceptBatched : acceptPeer,
        open: openPeer,
        events: undefined,
      };
      return upgrade(request, host, protocol, data);
    },
  };
}

/** Turns a request whose handshake is in order into a socket, compressed as its path wants it. */
export function upgrade(
  request: Request,
  host: WebSocketHost,
  protocol: string,
  data: WebSocketData,
): Response {
  const { compression, show_server_version } = data.options;
  const offered = request.headers.get("sec-websocket-extensions");
  const offer = compression === null ? null : acceptedOffer(offered, compression.deflate);
  if (offer === null) request.headers.delete("sec-websocket-extensions");
  else request.headers.set("sec-websocket-extensions", offer);
  // Left out, Bun would answer the first subprotocol of the offer; empty, it answers none.
  const headers: Record<string, string> = { "Sec-WebSocket-Protocol": protocol };
  if (show_server_version) headers["Server"] = host.serverName;
  return host.upgrade(request, headers, data) ? upgradedResponse : badHandshake();
}
