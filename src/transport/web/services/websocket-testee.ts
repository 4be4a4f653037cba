/**
 * `type: websocket.testee`: every WebSocket message goes back to who sent it.
 *
 * @module
 */

import type { WebSocketTesteeTransportConfig } from "#config/node-config.ts";
import type { TransportContext } from "#transport/listener.ts";
import type { WebService } from "#transport/web/web-service.ts";
import { testeePage } from "#transport/websocket/status-page.ts";
import { judgeHandshake } from "#transport/websocket/upgrade.ts";
import { openTestee } from "#transport/websocket/websocket-testee.ts";
import { upgrade, type WebSocketHost } from "./websocket.ts";

/** Opens a testee, whatever the path; a client's subprotocols are not answered. */
export function openWebSocketTesteeService(
  config: WebSocketTesteeTransportConfig,
  host: WebSocketHost,
  { log }: TransportContext,
): WebService {
  const { options } = config;
  return {
    handle(request) {
      const refusal = judgeHandshake(request, options, testeePage);
      if (refusal !== null) return refusal;
      const details = host.detailsOf(request);
      return upgrade(request, host, "", {
        options,
        details,
        log,
        open: openTestee,
        events: undefined,
      });
    },
  };
}
