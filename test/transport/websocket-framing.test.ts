/** The options of a path that say how frames are cut and how a WebSocket ends. */

import { expect, test } from "bun:test";
import type { WebSocketOptions } from "#config/options/websocket-config.ts";
import { RawWebSocket } from "../support/raw-websocket.ts";
import { anyPort } from "../support/transports.ts";
import { dial, startEcho, universal, upgradeRequest } from "../support/universal-transport.ts";

const start = (options: Partial<WebSocketOptions>) => startEcho(universal(anyPort, options));

async function open(options: Partial<WebSocketOptions>): Promise<RawWebSocket> {
  const { port } = await start(options);
  const url = `ws://127.0.0.1:${port}/ws`;
  return RawWebSocket.open(url, { "Sec-WebSocket-Protocol": "wamp.2.cbor" });
}

const BINARY = 0x82;
const CLOSE = 0x88;

test("max_frame_size closes with 1009 on a longer frame, not on a longer message", async () => {
  const socket = await open({ max_frame_size: 4 });
  socket.sendFrame(0x02, Buffer.from("0123"));
  socket.sendFrame(0x80, Buffer.from("4567"));
  expect(await socket.nextFrame()).toEqual({ head: BINARY, payload: Buffer.from("01234567") });
  socket.sendFrame(BINARY, Buffer.from("01234"));
  const { head, payload } = await socket.nextFrame();
  expect([head, payload.readUInt16BE(0)]).toEqual([CLOSE, 1009]);
});

test("auto_fragment_size cuts what is sent", async () => {
  const socket = await open({ auto_fragment_size: 4 });
  socket.sendFrame(BINARY, Buffer.from("0123456789"));
  for (const [head, text] of [
    [0x02, "0123"],
    [0x00, "4567"],
    [0x80, "89"],
  ] as const) {
    expect(await socket.nextFrame()).toEqual({ head, payload: Buffer.from(text) });
  }
});

test.each([
  [false, "\x88"],
  [true, ""],
])("fail_by_drop %p: a violation is answered with %p", async (fail_by_drop, answer) => {
  const { port } = await start({ fail_by_drop });
  const client = dial(port);
  await client.send(upgradeRequest());
  await client.until("\r\n\r\n");
  await client.send(Buffer.from("8201ff", "hex"));
  const [, frames = ""] = (await client.whole()).split("\r\n\r\n");
  expect(frames.slice(0, 1)).toBe(answer);
});

test.each([
  [false, ""],
  [true, "bye"],
])(
  "echo_close_codereason %p: the reason comes back as %p",
  async (echo_close_codereason, reason) => {
    const socket = await open({ echo_close_codereason });
    socket.sendFrame(CLOSE, Buffer.concat([Buffer.from("0fa0", "hex"), Buffer.from("bye")]));
    const { head, payload } = await socket.nextFrame();
    expect(head).toBe(CLOSE);
    expect(payload.toString("latin1")).toBe(`\x0f\xa0${reason}`);
  },
);

test("close_handshake_timeout is how long a client has to answer a close frame", async () => {
  const closing = async (close_handshake_timeout: number) => {
    const { port, peers } = await start({ close_handshake_timeout });
    const client = dial(port);
    await client.send(upgradeRequest());
    await client.until("\r\n\r\n");
    peers[0]?.close(1000, "over");
    await client.until("over");
    return client;
  };
  const patient = await closing(60_000);
  const short = await closing(20);
  await short.closed;
  // A client that answers has its stream ended in good order.
  await patient.send(Buffer.from("888200000000", "hex"), Buffer.from("03e8", "hex"));
  await patient.whole();
});

test("auto_ping_size is the length of a ping's payload", async () => {
  const socket = await open({ auto_ping_interval: 20, auto_ping_timeout: 0, auto_ping_size: 21 });
  const { head, payload } = await socket.nextFrame();
  expect([head, payload.length]).toEqual([0x89, 21]);
});

test("auto_ping_restart_on_any_traffic takes any message for the answer to a ping", async () => {
  const pinged = async (auto_ping_restart_on_any_traffic: boolean) => {
    const auto_ping_timeout = auto_ping_restart_on_any_traffic ? 5_000 : 60;
    const pings = { auto_ping_interval: 20, auto_ping_timeout, auto_ping_size: 4 };
    const { port } = await start({ ...pings, auto_ping_restart_on_any_traffic });
    const client = dial(port);
    await client.send(upgradeRequest());
    await client.until("\x89\x040001");
    return client.send(Buffer.from("828100000000aa", "hex"));
  };
  await (await pinged(true)).until("\x89\x040002");
  expect(await (await pinged(false)).whole()).not.toContain("\x89\x040002");
});
