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
import { openCookieStore } from "#transport/websocket/cookie-store.ts";
import { CookieTracker } from "#transport/websocket/cookie-tracker.ts";
import { badHandshake, judgeUpgrade, tooManyConnections } from "#transport/websocket/upgrade.ts";
import type { WebSocketData } from "#transport/websocket/websocket-peer.ts";
import type { TransportDetails } from "#wamp/peer.ts";

/** The Web server around a WebSocket path: the only one that can turn a request into a socket. */
export interface WebSocketHost {
  /** Completes the handshake; false when the request is not fit for it. */
  upgrade(request: Request, headers: Record<string, string>, data: WebSocketData): boolean;
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
  const tracker =
    config.cookie && new CookieTracker(config.cookie, openCookieStore(config.cookie.store, log));
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
      const tracked = tracker?.track(request.headers.get("cookie"), Date.now());
      // Left out, Bun would answer the first subprotocol of the offer; empty, it answers none.
      const headers: Record<string, string> = { "Sec-WebSocket-Protocol": protocol };
      if (tracked?.setCookie) headers["Set-Cookie"] = tracked.setCookie;
      const isUpgraded = host.upgrade(request, headers, {
        options: config.options,
        details: tracked === undefined ? details : { ...details, cookieId: tracked.id },
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
