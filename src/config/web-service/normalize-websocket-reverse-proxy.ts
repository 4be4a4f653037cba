/**
 * Normalizes paths of type `websocket-reverseproxy`.
 *
 * @module
 */

import { normalizeWebSocketEndpoint } from "#config/connection/normalize-connecting-transport.ts";
import type { ConnectingEndpointConfig } from "#config/endpoint/endpoint-config.ts";
import { warnOfRelayedOptions } from "#config/options/normalize-session-options.ts";
import { normalizeWebSocketOptions } from "#config/options/normalize-websocket-options.ts";
import { defaultWebSocketOptions } from "#config/options/websocket-options-schema.ts";
import type { JsonPath } from "#config/text/config-issue.ts";
import type { TransportContext } from "#config/transport/transport-context.ts";
import type { WebSocketReverseProxyServiceConfig } from "./reverse-proxy-config.ts";
import type { WebSocketReverseProxyItem } from "./websocket-reverse-proxy-schema.ts";

/** The normalized service. */
export function normalizeWebSocketReverseProxy(
  item: WebSocketReverseProxyItem,
  path: JsonPath,
  { report, endpointType }: TransportContext,
): WebSocketReverseProxyServiceConfig {
  const options = item.options ?? defaultWebSocketOptions;
  warnOfRelayedOptions(options, [...path, "options"], report);
  const endpoint = normalizeWebSocketEndpoint(item.backend, [...path, "backend"], report);
  return {
    type: "websocket-reverseproxy",
    options: normalizeWebSocketOptions(options, endpointType),
    backend: { endpoint: ofWebServer(endpoint), url: item.backend.url },
  };
}

function ofWebServer(endpoint: ConnectingEndpointConfig): ConnectingEndpointConfig {
  return { ...endpoint, isWebServer: true };
}
