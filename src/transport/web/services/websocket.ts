/**
 * `type: websocket`: WAMP over WebSocket at a path of a Web server, sub-paths included.
 *
 * @module
 */

import type { WebSocketServiceConfig } from "#config/node-config.ts";
import type { Logger } from "#observe/logger.ts";
import type { AcceptPeerWithSession } from "#transport/listener.ts";
import type { WebService } from "#transport/web/web-service.ts";
import { badHandshake, judgeUpgrade, notFirstRequest } from "#transport/websocket/upgrade.ts";
import type { WebSocketData } from "#transport/websocket/websocket-peer.ts";
import type { ConnectionDetails } from "#wamp/peer.ts";

/** The Web server around a WebSocket path: the only one that can turn a request into a socket. */
export interface WebSocketHost {
  /** Completes the handshake; false when the request is not fit for it. */
  upgrade(request: Request, protocol: string, data: WebSocketData): boolean;
  /** How the connection of this request came in; null when that is told for its first request only. */
  detailsOf(request: Request): ConnectionDetails | null;
}

/** Stands for "no answer is due": the request has become a WebSocket. */
export const upgradedResponse = new Response(null, { status: 204 });

/** Opens the service of one WebSocket path. */
export function openWebSocketService(
  config: WebSocketServiceConfig,
  host: WebSocketHost,
  accept: AcceptPeerWithSession,
  log: Logger,
): WebService {
  return {
    handle(request) {
      const verdict = judgeUpgrade(request, config);
      if (verdict.kind === "answer") return verdict.response;
      const { serializer, protocol } = verdict.chosen;
      const connection = host.detailsOf(request);
      if (connection === null) return notFirstRequest();
      // Bun negotiates compression for all paths alike; without the offer it has nothing to accept.
      if (config.options.compression === null) request.headers.delete("sec-websocket-extensions");
      const isUpgraded = host.upgrade(request, protocol, {
        options: config.options,
        details: { ...connection, type: "websocket", serializer },
        log,
        accept: (peer) => accept(peer, config),
        peer: undefined,
      });
      return isUpgraded ? upgradedResponse : badHandshake();
    },
  };
}
