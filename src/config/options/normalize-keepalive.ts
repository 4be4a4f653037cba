/**
 * Pings: which are sent where node.json does not say.
 *
 * @module
 */

import type { KeepaliveOptions } from "#config/node-config.ts";
import type { KeepaliveItem } from "./websocket-options-schema.ts";

/** The normalized options; `intervalMs` holds where none is written, 0 for no pings. */
export function normalizeKeepalive(item: KeepaliveItem, intervalMs: number): KeepaliveOptions {
  return {
    auto_ping_interval: item.auto_ping_interval ?? intervalMs,
    auto_ping_timeout: item.auto_ping_timeout,
    auto_ping_size: item.auto_ping_size,
    auto_ping_restart_on_any_traffic: item.auto_ping_restart_on_any_traffic,
  };
}
