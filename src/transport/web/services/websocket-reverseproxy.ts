/**
 * `type: websocket-reverseproxy`: relays WebSockets of any subprotocol to a backend.
 *
 * WebSocketReverseProxy answers the requests; only paths that hide `..` reach `handle`.
 *
 * @module
 */

import type { WebSocketReverseProxyServiceConfig } from "#config/web-service/reverse-proxy-config.ts";
import type { TransportContext } from "#transport/listener.ts";
import { malformedPath } from "#transport/web/error-page.ts";
import type { WebService } from "#transport/web/web-service.ts";
import { WebSocketReverseProxy } from "#transport/web/websocket-reverse-proxy/websocket-reverse-proxy.ts";

/** Opens the service of one path. */
export function openWebSocketReverseProxy(
  config: WebSocketReverseProxyServiceConfig,
  context: TransportContext,
): WebService {
  const streaming = new WebSocketReverseProxy(config, context);
  return {
    streaming,
    handle: () => malformedPath(),
    isInUse: () => streaming.isInUse,
    close: () => streaming.close(),
  };
}
