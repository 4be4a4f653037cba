/**
 * Normalizes `options` of a WebSocket path or transport.
 *
 * @module
 */

import type { ListeningEndpointConfig } from "#config/endpoint/endpoint-config.ts";
import { normalizeBuffering, normalizeKeepalive } from "./normalize-session-options.ts";
import type { DeflateOptions, WebSocketOptions } from "./websocket-config.ts";
import { LONGEST_MESSAGE, type WebSocketOptionsItem } from "./websocket-options-schema.ts";

type DeflateItem = NonNullable<NonNullable<WebSocketOptionsItem["compression"]>["deflate"]>;

/**
 * The default time between pings over a network, where a client can disappear without closing its
 * connection. Over a Unix socket no pings are sent by default: the system reports at once that the
 * other program is gone, and a proxy that is waiting for a slow client does not answer pings.
 */
const NETWORK_PING_INTERVAL_MS = 30_000;

/** The normalized options. */
export function normalizeWebSocketOptions(
  item: WebSocketOptionsItem,
  endpointType: ListeningEndpointConfig["type"],
): WebSocketOptions {
  const deflate = item.compression?.deflate;
  return {
    allowed_origins: item.allowed_origins,
    allow_null_origin: item.allow_null_origin,
    enable_webstatus: item.enable_webstatus,
    max_message_size: item.max_message_size || LONGEST_MESSAGE,
    open_handshake_timeout: item.open_handshake_timeout,
    close_handshake_timeout: item.close_handshake_timeout,
    ...normalizeKeepalive(item, endpointType === "unix" ? 0 : NETWORK_PING_INTERVAL_MS),
    require_websocket_subprotocol: item.require_websocket_subprotocol,
    max_frame_size: item.max_frame_size,
    auto_fragment_size: item.auto_fragment_size,
    fail_by_drop: item.fail_by_drop,
    echo_close_codereason: item.echo_close_codereason,
    ...normalizeBuffering(item),
    external_port: item.external_port ?? null,
    show_server_version: item.show_server_version ?? false,
    compression: deflate === undefined ? null : { deflate: normalizeDeflate(deflate) },
  };
}

/** zlib has no window of 8 bits; 9 is the nearest. */
function normalizeDeflate(item: DeflateItem): DeflateOptions {
  const requested = item.request_max_window_bits;
  return {
    max_window_bits: Math.max(9, item.max_window_bits ?? 15),
    no_context_takeover: item.no_context_takeover ?? false,
    request_max_window_bits: requested === 0 ? 0 : Math.max(9, requested),
    request_no_context_takeover: item.request_no_context_takeover,
    memory_level: item.memory_level ?? 8,
  };
}
