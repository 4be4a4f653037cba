/**
 * Normalized options of WebSocket.
 *
 * @module
 */

import type {
  BufferOptions,
  IncompleteMessageOptions,
  KeepaliveOptions,
  SessionEndOptions,
} from "./session-config.ts";

/** Options of a WebSocket path. Times are milliseconds, sizes octets; 0 means off. */
export interface WebSocketOptions
  extends BufferOptions,
    IncompleteMessageOptions,
    SessionEndOptions,
    KeepaliveOptions {
  allowed_origins: string[];
  allow_null_origin: boolean;
  enable_webstatus: boolean;
  max_message_size: number;
  open_handshake_timeout: number;
  close_handshake_timeout: number;
  require_websocket_subprotocol: boolean;
  /** The longest frame that is accepted. */
  max_frame_size: number;
  /** The longest payload of a frame that is sent; a longer message is sent in several frames. */
  auto_fragment_size: number;
  /** Whether a client that violates the protocol is cut off without a close frame. */
  fail_by_drop: boolean;
  /** Whether a close frame is answered with its own code and reason. */
  echo_close_codereason: boolean;
  /** Port that the Host header must name; null: any. */
  external_port: number | null;
  /** Whether answers name this program and its release (header Server). */
  show_server_version: boolean;
  compression: { deflate: DeflateOptions } | null;
}

/** `compression.deflate`; windows are bits, 9 to 15, 0 where the client may choose its own. */
export interface DeflateOptions {
  /** Window of the server's compressor. */
  max_window_bits: number;
  /** Whether each message of the server is compressed on its own. */
  no_context_takeover: boolean;
  /** Window that clients are asked to keep to. */
  request_max_window_bits: number;
  /** Whether clients are asked to compress each message on its own. */
  request_no_context_takeover: boolean;
  /** Memory of the compressor, 1 to 9, as in zlib. */
  memory_level: number;
}
