/**
 * Normalizes connecting transports, of `connections` and `backends`.
 *
 * @module
 */

import type { ConnectingEndpointConfig } from "#config/endpoint/endpoint-config.ts";
import { normalizeConnecting } from "#config/endpoint/normalize-endpoint.ts";
import { supportedSerializers } from "#config/schema/serializers.ts";
import type { JsonPath } from "#config/text/config-issue.ts";
import type { Report } from "#config/text/report.ts";
import type { ConnectingTransportConfig } from "./connection-config.ts";
import type { ConnectingTransportItem } from "./connection-schema.ts";

const MAX_MESSAGE_OCTETS = 16_777_216;

/** The normalized connecting transport. */
export function normalizeConnectingTransport(
  item: ConnectingTransportItem,
  path: JsonPath,
  report: Report,
): ConnectingTransportConfig {
  if (item.type === "websocket") {
    const { url, serializers } = item;
    return {
      type: "websocket",
      endpoint: normalizeWebSocketEndpoint(item, path, report),
      url,
      serializers: supportedSerializers(serializers),
    };
  }
  const { max_message_size, maxMessagePayloadSize } = item.options ?? {};
  return {
    type: "rawsocket",
    endpoint: normalizeConnecting(item.endpoint, [...path, "endpoint"], report),
    serializer: item.serializer,
    max_message_size: max_message_size ?? maxMessagePayloadSize ?? MAX_MESSAGE_OCTETS,
  };
}

/** The endpoint of a WebSocket: it decides about TLS; where it has no `tls`, the scheme of the URL does. */
export function normalizeWebSocketEndpoint(
  item: Pick<Extract<ConnectingTransportItem, { type: "websocket" }>, "url" | "endpoint">,
  path: JsonPath,
  report: Report,
): ConnectingEndpointConfig {
  const endpoint = normalizeConnecting(item.endpoint, [...path, "endpoint"], report);
  const isSecureUrl = new URL(item.url).protocol === "wss:";
  if (isSecureUrl && endpoint.type === "unix") {
    report.warn([...path, "url"], "the url says wss, and a Unix socket has no TLS: none is used");
  } else if (isSecureUrl && item.endpoint.type === "tcp" && item.endpoint.tls === false) {
    report.fault([...path, "url"], "the url says wss, and the endpoint says no TLS");
  } else if (isSecureUrl && endpoint.type === "tcp") {
    return { ...endpoint, tls: endpoint.tls ?? {} };
  } else if (!isSecureUrl && endpoint.type === "tcp" && endpoint.tls !== undefined) {
    report.warn([...path, "url"], "the url says ws, and the endpoint has TLS: TLS is used");
  }
  return endpoint;
}
