/**
 * `type: reverseproxy`: passes requests to another HTTP server.
 *
 * ReverseProxy answers them; only paths that hide `..` reach `handle`.
 *
 * @module
 */

import type { ReverseProxyServiceConfig } from "#config/web-service/reverse-proxy-config.ts";
import type { TransportContext } from "#transport/listener.ts";
import { malformedPath } from "#transport/web/error-page.ts";
import { ReverseProxy } from "#transport/web/reverse-proxy/reverse-proxy.ts";
import type { WebService } from "#transport/web/web-service.ts";

/** Opens the service of one path. */
export function openReverseProxy(
  config: ReverseProxyServiceConfig,
  { log }: TransportContext,
): WebService {
  const streaming = new ReverseProxy(config, log);
  return {
    streaming,
    handle: () => malformedPath(),
    isInUse: () => streaming.isInUse,
    close: () => streaming.close(),
  };
}
