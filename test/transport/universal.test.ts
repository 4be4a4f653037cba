import { afterEach, describe, expect, test } from "bun:test";

import type { UniversalTransportConfig } from "#config/node-config.ts";
import {
  dial,
  type OctetClient,
  type StartedTransport,
  startEcho,
  universal,
  upgradeRequest,
} from "../support/universal-transport.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function start(config: UniversalTransportConfig = universal()): Promise<StartedTransport> {
  const started = await startEcho(config);
  cleanups.push(() => started.listener.close());
  return started;
}

function client(port: number): OctetClient {
  const made = dial(port);
  cleanups.push(() => made.socket.destroy());
  return made;
}

/** A WebSocket frame of binary data from a client, masked with zeros. */
function frame(payload: string): Buffer {
  return Buffer.concat([Buffer.of(0x82, 0x80 | payload.length, 0, 0, 0, 0), Buffer.from(payload)]);
}

describe("a universal transport", () => {
  test("names where each protocol is reached", async () => {
    const { listener, port } = await start();
    expect(listener.urls).toEqual([
      `rs://127.0.0.1:${port}`,
      `http://127.0.0.1:${port}/`,
      `ws://127.0.0.1:${port}/ws`,
    ]);
  });

  test("speaks RawSocket, WebSocket and HTTP on one port", async () => {
    const { port, peers } = await start();
    const raw = await client(port).send(Buffer.from("7ff3000000000002aabb", "hex"));
    expect(Buffer.from(await raw.until("\xaa\xbb"), "latin1").toString("hex")).toBe(
      "7ff3000000000002aabb",
    );
    const web = await client(port).send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    expect(await web.until('{"here":true}')).toStartWith("HTTP/1.1 200 OK\r\n");
    const socket = await client(port).send(upgradeRequest(), frame("hello"));
    expect(await socket.until("hello")).toStartWith("HTTP/1.1 101 ");
    for (const [index, one] of [raw, socket].entries()) {
      expect(peers[index]?.details).toMatchObject({
        peer: `tcp4:127.0.0.1:${one.socket.localPort}`,
        isSecure: false,
        isUnixSocket: false,
      });
    }
  });
});
