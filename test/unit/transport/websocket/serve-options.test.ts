import { expect, test } from "bun:test";
import type { WebSocketOptions } from "../../../../src/config/node-config.ts";
import { webSocketServeOptions } from "../../../../src/transport/websocket/serve-options.ts";
import { deflating, webSocketDefaults } from "../../../support/websocket-defaults.ts";

function options(max_message_size: number, compresses = false): WebSocketOptions {
  const compression = compresses ? { deflate: deflating({}) } : null;
  return { ...webSocketDefaults, max_message_size, compression };
}

test("reads twice the longest message of all paths, and 128 MiB where a path has no limit", () => {
  expect(webSocketServeOptions([options(512), options(4096)]).maxPayloadLength).toBe(8192);
  expect(webSocketServeOptions([options(512), options(0)]).maxPayloadLength).toBe(2 ** 27);
});

test("compresses only when a path asks for it", () => {
  const { perMessageDeflate } = webSocketServeOptions([options(512), options(512, true)]);
  expect(perMessageDeflate).toEqual({ compress: "256KB", decompress: "32KB" });
  expect(webSocketServeOptions([options(512)]).perMessageDeflate).toBe(false);
});

test("works for a server without WebSocket paths", () => {
  expect(webSocketServeOptions([]).maxPayloadLength).toBe(2);
});
