/**
 * `type: websocket`: WAMP over WebSocket at a path of a Web server, sub-paths included.
 *
 * Handshakes that are in order never come here; the front door makes WebSockets of them.
 *
 * @module
 */

import type { WebSocketServiceConfig } from "#config/node-config.ts";
import type { WebService } from "#transport/web/web-service.ts";
import { badHandshake, judgeUpgrade } from "#transport/websocket/upgrade.ts";

/** Opens the service of one WebSocket path: its status page, and what is said of bad handshakes. */
export function openWebSocketService(config: WebSocketServiceConfig): WebService {
  return {
    webSocket: config,
    handle(request) {
      const verdict = judgeUpgrade(request, config);
      // In order, but not the first request of its connection, of which alone a WebSocket is made.
      return verdict.kind === "answer" ? verdict.response : badHandshake();
    },
  };
}
