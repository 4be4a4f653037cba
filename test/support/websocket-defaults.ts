/** The options of a WebSocket path that sets none, with limits that suit tests. */

import type { DeflateOptions, WebSocketOptions } from "#config/node-config.ts";

export const webSocketDefaults: WebSocketOptions = {
  allowed_origins: ["*"],
  allow_null_origin: true,
  enable_webstatus: true,
  max_message_size: 1024,
  open_handshake_timeout: 0,
  close_handshake_timeout: 0,
  auto_ping_interval: 0,
  auto_ping_timeout: 0,
  auto_ping_size: 12,
  auto_ping_restart_on_any_traffic: true,
  require_websocket_subprotocol: true,
  max_frame_size: 0,
  auto_fragment_size: 0,
  fail_by_drop: false,
  echo_close_codereason: false,
  max_buffered: 1_048_576,
  stall_timeout: 30_000,
  message_timeout: 60_000,
  max_incomplete: 268_435_456,
  external_port: null,
  show_server_version: false,
  compression: null,
};

/** `compression.deflate` with these options, and the defaults for the others. */
export function deflating(options: Partial<DeflateOptions>): DeflateOptions {
  return {
    max_window_bits: 15,
    no_context_takeover: false,
    request_max_window_bits: 0,
    request_no_context_takeover: false,
    memory_level: 8,
    ...options,
  };
}
