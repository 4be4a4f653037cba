import { describe, expect, test } from "bun:test";
import type { WebSocketOptions } from "#config/options/websocket-config.ts";
import { RawWebSocket } from "../support/raw-websocket.ts";
import { openTransport, webSocketTransport } from "../support/transports.ts";

async function start(options: Partial<WebSocketOptions> = {}): Promise<string> {
  const accept = () => {
    throw new Error("a testee has no sessions");
  };
  const config = webSocketTransport(options);
  const testee = { ...config, type: "websocket.testee" as const };
  const { url } = await openTransport(testee, accept);
  return url;
}

const open = (url: string, headers: Record<string, string> = {}) => RawWebSocket.open(url, headers);

describe("a testee", () => {
  test("sends text back as text, octets as octets, and nothing as nothing", async () => {
    const client = await open(await start());
    client.sendFrame(0x81, Buffer.from("Grüße"));
    expect(await client.nextFrame()).toEqual({ head: 0x81, payload: Buffer.from("Grüße") });
    client.sendFrame(0x82, Buffer.from("00ff", "hex"));
    expect(await client.nextFrame()).toEqual({ head: 0x82, payload: Buffer.from("00ff", "hex") });
    client.sendFrame(0x81, Buffer.alloc(0));
    expect(await client.nextFrame()).toEqual({ head: 0x81, payload: Buffer.alloc(0) });
  });

  test("answers no subprotocol, and says what it is where that is wanted", async () => {
    const url = await start({ show_server_version: true });
    const client = await open(url, { "Sec-WebSocket-Protocol": "wamp.2.json" });
    expect(client.answer).not.toContain("wamp");
    expect(client.answer).toMatch(/\r\nServer: crossproxy\/0\.0\.0\r\n/i);
  });

  test("has a status page", async () => {
    const response = await fetch((await start()).replace("ws:", "http:"));
    expect(await response.text()).toContain("sends every WebSocket message back");
  });

  test("closes with 1009 on a message that is too long", async () => {
    const client = await open(await start({ max_message_size: 1000 }));
    client.sendFrame(0x82, Buffer.alloc(1001));
    const { head, payload } = await client.nextFrame();
    expect([head, payload.readUInt16BE()]).toEqual([0x88, 1009]);
  });

  test("stops reading a client that does not read, and loses nothing", async () => {
    const url = await start({ max_message_size: 1_048_576, max_buffered: 65_536 });
    const client = await open(url);
    client.pause();
    const message = Buffer.alloc(1_048_576, "x");
    for (let i = 0; i < 64; i++) client.sendFrame(0x82, message);
    // The kernel takes some megabytes each way; the rest stays where it came from.
    const other = await open(url);
    other.sendFrame(0x81, Buffer.from("still there"));
    await other.nextFrame();
    expect(client.unsentOctets).toBeGreaterThan(16 * 1_048_576);
    client.resume();
    for (let i = 0; i < 64; i++) {
      const { payload } = await client.nextFrame();
      expect(payload.equals(message)).toBe(true);
    }
  });
});
