import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import type { ServerWebSocket } from "bun";
import type { ConnectingWebSocketConfig } from "#config/connection/connection-config.ts";
import { connectPeer } from "#transport/peer-connector.ts";
import type { PeerHandler, WireMessage } from "#wamp/peer.ts";
import type { SerializerName } from "#wamp/serializer-name.ts";
import { afterTest } from "../support/cleanups.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const folder = temporaryFolder();

type RouterSocket = ServerWebSocket<undefined>;
let count = 0;
const wants = (serializer: SerializerName) => ({ serializer, maxBuffered: 2 ** 20 });

/** A router that answers the handshake with `protocol` and echoes. */
function router(
  protocol: (request: Request) => string,
  onOpen: (socket: RouterSocket) => void = () => {},
) {
  const path = join(folder, `router${count++}.sock`);
  const requests: Request[] = [];
  const server = Bun.serve({
    unix: path,
    fetch(request, upgrader) {
      requests.push(request);
      const headers = { "Sec-WebSocket-Protocol": protocol(request) };
      return upgrader.upgrade(request, { headers, data: undefined })
        ? undefined
        : new Response(null, { status: 400 });
    },
    websocket: {
      maxPayloadLength: 2 ** 25,
      backpressureLimit: 2 ** 26,
      open: onOpen,
      message(socket, message) {
        socket.send(message);
      },
    },
  });
  afterTest(() => server.stop(true));
  const config: ConnectingWebSocketConfig = {
    type: "websocket",
    endpoint: { type: "unix", path, timeoutMs: 2000 },
    url: "ws://router.example:8080/ws?a=1",
    serializers: ["cbor", "json"],
  };
  return { config, requests };
}

function recorder() {
  const message = Promise.withResolvers<WireMessage>();
  const closed = Promise.withResolvers<string>();
  const drained = Promise.withResolvers<void>();
  const handler: PeerHandler = {
    onMessage: (octets) => message.resolve(typeof octets === "string" ? octets : octets.slice()),
    onDrain: () => drained.resolve(),
    onClose: (reason) => closed.resolve(reason),
  };
  return { handler, message: message.promise, closed: closed.promise, drained: drained.promise };
}

const offered = (request: Request) => request.headers.get("sec-websocket-protocol") ?? "";

describe("connectPeer over WebSocket", () => {
  test("offers the client's serializer alone, with host and path of the url", async () => {
    const { config, requests } = router(offered);
    const mine = recorder();
    const peer = await connectPeer(config, wants("json"), mine.handler);
    expect(peer.serializer).toBe("json");
    expect(peer.isText).toBe(true);
    expect(offered(requests[0] as Request)).toBe("wamp.2.json");
    expect(requests[0]?.url).toBe("http://router.example:8080/ws?a=1");
    peer.send('["é"]');
    expect(await mine.message).toBe('["é"]');
    peer.close(1000, "x".repeat(200));
    expect(await mine.closed).toBe("x".repeat(200));
  });

  test("takes the first serializer when the client's is not configured", async () => {
    const { config } = router(offered);
    const mine = recorder();
    const peer = await connectPeer(config, wants("msgpack"), mine.handler);
    expect(peer.serializer).toBe("cbor");
    peer.send(Uint8Array.of(0x80));
    expect((await mine.message) as Uint8Array).toEqual(Uint8Array.of(0x80));
    peer.close(1000, "done");
    await mine.closed;
  });

  test("rejects when the router refuses the subprotocol", async () => {
    for (const answer of ["", "wamp.2.msgpack"]) {
      const { config } = router(() => answer);
      await expect(connectPeer(config, wants("cbor"), recorder().handler)).rejects.toThrow(
        "it does not speak wamp.2.cbor",
      );
    }
  });

  test("rejects when no router listens", async () => {
    const { config } = router(offered);
    const endpoint = { type: "unix", path: join(folder, "none.sock"), timeoutMs: 500 } as const;
    await expect(
      connectPeer({ ...config, endpoint }, wants("cbor"), recorder().handler),
    ).rejects.toThrow(/^Cannot connect to router at "unix .*none.sock": no such file$/);
  });

  test("rejects a Unix path that Bun's client would misread", async () => {
    const { config } = router(offered);
    const endpoint = { type: "unix", path: join(folder, "a b.sock"), timeoutMs: 500 } as const;
    await expect(
      connectPeer({ ...config, endpoint }, wants("cbor"), recorder().handler),
    ).rejects.toThrow("a WebSocket takes a Unix path of letters");
  });

  test("says when the router is behind and when it caught up", async () => {
    const sockets: RouterSocket[] = [];
    const { config } = router(offered, (socket) => {
      sockets.push(socket);
      socket.pause();
    });
    const mine = recorder();
    const peer = await connectPeer(config, wants("cbor"), mine.handler);
    while (peer.send(new Uint8Array(100_000))) {}
    expect(peer.bufferedOctets).toBeGreaterThan(2 ** 20);
    sockets[0]?.resume();
    await mine.drained;
    peer.close(1000, "done");
    expect(await mine.closed).toBe("done");
  });

  test("closes on a text message where octets were agreed", async () => {
    const { config } = router(offered, (socket) => {
      socket.send("[]");
    });
    const mine = recorder();
    await connectPeer(config, wants("cbor"), mine.handler);
    expect(await mine.closed).toBe("a text message came over wamp.2.cbor");
  });
});
