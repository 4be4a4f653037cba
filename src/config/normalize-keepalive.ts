/**
 * Pings: which are sent where node.json does not say.
 *
 * @module
 */

import type { KeepaliveOptions, ListeningEndpointConfig } from "./node-config.ts";
import type { KeepaliveItem } from "./schema/websocket-options.ts";

/** Milliseconds between pings over a network, where a client can be gone without a sign. */
const networkIntervalMs = 30_000;

/**
 * The normalized options. Over a Unix socket no pings are sent by default: the system tells at once
 * when the program at its other end is gone, and a proxy that is made to wait answers none.
 */
export function normalizeKeepalive(
  item: KeepaliveItem,
  endpointType: ListeningEndpointConfig["type"],
): KeepaliveOptions {
  return {
    auto_ping_interval:
      item.auto_ping_interval ?? (endpointType === "unix" ? 0 : networkIntervalMs),
    auto_ping_timeout: item.auto_ping_timeout,
    auto_ping_size: item.auto_ping_size,
    auto_ping_restart_on_any_traffic: item.auto_ping_restart_on_any_traffic,
  };
}
