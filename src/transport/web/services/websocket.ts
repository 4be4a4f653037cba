/**
 * `type: websocket`: WebSockets at a path of a Web server and below it.
 *
 * The WebSocketAcceptor completes valid handshakes; all other requests for the path are answered here.
 *
 * @module
 */

import type { HttpAnswer } from "#transport/http/http-answer.ts";
import type { HttpRequest } from "#transport/http/http-request.ts";
import type { WebService } from "#transport/web/web-service.ts";
import {
  badHandshake,
  checkHandshake,
  checkWampHandshake,
} from "#transport/websocket/handshake-check.ts";
import { testeePage } from "#transport/websocket/status-page.ts";
import type { WebSocketPathConfig } from "#transport/websocket/websocket-acceptor.ts";

/** Opens the service of one WebSocket path: its status page, and the answers to invalid handshakes. */
export function openWebSocketService(config: WebSocketPathConfig): WebService {
  return {
    webSocket: config,
    handle: (request) => refusalOf(request, config) ?? badHandshake(),
  };
}

/** Null: the handshake is valid, but in HTTP/1.0. */
function refusalOf(request: HttpRequest, config: WebSocketPathConfig): HttpAnswer | null {
  if (config.type !== "websocket") return checkHandshake(request, config.options, testeePage);
  const decision = checkWampHandshake(request, config);
  return decision.kind === "answer" ? decision.answer : null;
}
