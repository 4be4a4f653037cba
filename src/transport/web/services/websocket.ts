/**
 * `type: websocket`: WAMP over WebSocket at a path of a Web server, sub-paths included.
 *
 * @module
 */

import type { WebSocketServiceConfig } from "#config/node-config.ts";
import type { Logger } from "#observe/logger.ts";
import type { ConnectionLimit } from "#transport/endpoint/connection-limit.ts";
import type { AcceptPeerWithSession } from "#transport/listener.ts";
import type { WebService } from "#transport/web/web-service.ts";
import { badHandshake, judgeUpgrade, tooManyConnections } from "#transport/websocket/upgrade.ts";
import type { WebSocketData } from "#transport/websocket/websocket-peer.ts";
import type { TransportDetails } from "#wamp/peer.ts";

/** The Web server around a WebSocket path: the only one that can turn a request into a socket. */
export interface WebSocketHost {
  /** Completes the handshake; false when the request is not fit for it. */
  upgrade(request: Request, protocol: string, data: WebSocketData): boolean;
  /** Undefined: any number of WebSockets may be open. */
  readonly limit: ConnectionLimit | undefined;
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
  log: Logger,
): WebService {
  return {
    handle(request) {
      const verdict = judgeUpgrade(request, config);
      if (verdict.kind === "answer") return verdict.response;
      const { serializer, protocol } = verdict.chosen;
      // Bun negotiates compression for all paths alike; without the offer it has nothing to accept.
      if (config.options.compression === null) request.headers.delete("sec-websocket-extensions");
      const details = { ...host.detailsOf(request), type: "websocket" as const, serializer };
      const place = host.limit?.take(details.peer);
      if (place === null) return tooManyConnections();
      const isUpgraded = host.upgrade(request, protocol, {
        options: config.options,
        details,
        log,
        accept: (peer) => accept(peer, config),
        place,
        peer: undefined,
      });
      if (isUpgraded) return upgradedResponse;
      place?.release();
      return badHandshake();
    },
  };
}
