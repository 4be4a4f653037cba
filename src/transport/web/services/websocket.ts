/**
 * `type: websocket`: WebSockets at a path of a Web server, sub-paths included.
 *
 * Handshakes that are in order never come here; the front door makes WebSockets of them.
 *
 * @module
 */

import type { WebService } from "#transport/web/web-service.ts";
import {
  badHandshake,
  checkHandshake,
  checkWampHandshake,
} from "#transport/websocket/handshake-check.ts";
import { testeePage } from "#transport/websocket/status-page.ts";
import type { WebSocketPathConfig } from "#transport/websocket/websocket-acceptor.ts";

/** Opens the service of one WebSocket path: its status page, and what is said of bad handshakes. */
export function openWebSocketService(config: WebSocketPathConfig): WebService {
  return {
    webSocket: config,
    handle: (request) => refusalOf(request, config) ?? badHandshake(),
  };
}

/** Null: in order, but not the first request of its connection, of which alone one is made. */
function refusalOf(request: Request, config: WebSocketPathConfig): Response | null {
  if (config.type !== "websocket") return checkHandshake(request, config.options, testeePage);
  const verdict = checkWampHandshake(request, config);
  return verdict.kind === "answer" ? verdict.response : null;
}
