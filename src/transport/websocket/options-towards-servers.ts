/**
 * The options of WebSockets to routers and backends, which no configuration has.
 *
 * @module
 */

import type { ConnectionOptions } from "./websocket-connection.ts";

/** Servers are not pinged, and messages are limited as the longest of a client are. */
export const TOWARDS_SERVERS = {
  max_message_size: 64 * 1024 * 1024,
  max_frame_size: 0,
  max_incomplete: Number.POSITIVE_INFINITY,
  message_timeout: 0,
  auto_fragment_size: 0,
  auto_ping_interval: 0,
  auto_ping_timeout: 0,
  auto_ping_size: 0,
  auto_ping_restart_on_any_traffic: false,
  close_handshake_timeout: 0,
  fail_by_drop: false,
  echo_close_codereason: false,
} satisfies Omit<ConnectionOptions, "max_buffered">;
