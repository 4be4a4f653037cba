import { expect, test } from "bun:test";
import type { WebSocketServiceConfig } from "../../../../src/config/node-config.ts";
import { webSocketServeOptions } from "../../../../src/transport/websocket/serve-options.ts";

function service(
  max_message_size: number,
  deflate?: { max_window_bits: number; request_max_window_bits: number },
): WebSocketServiceConfig {
  return {
    type: "websocket",
    serializers: ["json"],
    auth: "passthrough",
    backend: null,
    options: {
      allowed_origins: ["*"],
      allow_null_origin: true,
      enable_webstatus: true,
      max_message_size,
      open_handshake_timeout: 0,
      close_handshake_timeout: 0,
      auto_ping_interval: 0,
      auto_ping_timeout: 0,
      auto_ping_size: 12,
      auto_ping_restart_on_any_traffic: true,
      require_websocket_subprotocol: true,
      max_buffered: 1_048_576,
      stall_timeout: 30_000,
      compression: deflate === undefined ? null : { deflate },
    },
  };
}

test("reads twice the longest message of all paths, and 128 MiB where a path has no limit", () => {
  expect(webSocketServeOptions([service(512), service(4096)]).maxPayloadLength).toBe(8192);
  expect(webSocketServeOptions([service(512), service(0)]).maxPayloadLength).toBe(2 ** 27);
});

test("compresses only when a path asks for it, with the widest windows asked for", () => {
  const narrow = { max_window_bits: 9, request_max_window_bits: 11 };
  const wide = { max_window_bits: 13, request_max_window_bits: 13 };
  const open = { max_window_bits: 0, request_max_window_bits: 0 };
  const sizes = (...all: (typeof narrow)[]) =>
    webSocketServeOptions(all.map((deflate) => service(512, deflate))).perMessageDeflate;
  expect(sizes()).toBe(false);
  expect(sizes(narrow)).toEqual({ compress: "4KB", decompress: "3KB" });
  expect(sizes(narrow, wide)).toEqual({ compress: "64KB", decompress: "8KB" });
  expect(sizes(narrow, open)).toEqual({ compress: "256KB", decompress: "32KB" });
});

test("works for a server without WebSocket paths", () => {
  expect(webSocketServeOptions([]).maxPayloadLength).toBe(2);
});
