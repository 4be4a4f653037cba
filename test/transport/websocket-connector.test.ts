import { describe, expect, test } from "bun:test";
import { createServer } from "node:net";
import { join } from "node:path";
import type { ServerWebSocket } from "bun";
import { giveOctets, shareOctets } from "#base/octet-ownership.ts";
import type { ConnectingWebSocketConfig } from "#config/connection/connection-config.ts";
import { connectPeer } from "#transport/router-connector.ts";
import { acceptFor } from "#transport/websocket/handshake-answer.ts";
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
  onPong: (payload: string) => void = () => {},
  file = `router${count++}.sock`,
) {
  const path = join(folder, file);
  const requests: Request[] = [];
  const closed = Promise.withResolvers<void>();
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
      close: () => closed.resolve(),
      pong: (_, payload) => onPong(payload.toString()),
      message(socket, message) {
        if (String(message) === "end") socket.close(1000, "as asked");
        else socket.send(message);
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
  return { config, requests, closed: closed.promise };
}

function recorder() {
  const message = Promise.withResolvers<WireMessage>();
  const closed = Promise.withResolvers<string>();
  const drained = Promise.withResolvers<void>();
  const handler: PeerHandler = {
    onMessage: (octets) => message.resolve(new Uint8Array(octets)),
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
    expect(offered(requests[0] as Request)).toBe("wamp.2.json");
    expect(requests[0]?.url).toBe("http://router.example:8080/ws?a=1");
    peer.send(Buffer.from('["é"]'));
    expect(String(Buffer.from(await mine.message))).toBe('["é"]');
    peer.close(1000, "x".repeat(200));
    expect(await mine.closed).toBe("x".repeat(200));
  });

  test("takes the first serializer when the client's is not configured", async () => {
    const { config } = router(offered);
    const mine = recorder();
    const peer = await connectPeer(config, wants("msgpack"), mine.handler);
    expect(peer.serializer).toBe("cbor");
    peer.send(Uint8Array.of(0x80));
    expect(await mine.message).toEqual(Uint8Array.of(0x80));
    peer.close(1000, "done");
    await mine.closed;
  });

  test("rejects when the router refuses the subprotocol", async () => {
    for (const answer of ["", "wamp.2.msgpack"]) {
      const { config, closed } = router(() => answer);
      await expect(connectPeer(config, wants("cbor"), recorder().handler)).rejects.toThrow(
        "it does not speak wamp.2.cbor",
      );
      await closed;
    }
  });

  test("rejects when the router closes the connection during the handshake", async () => {
    const path = join(folder, "closing.sock");
    const server = createServer((socket) => void socket.end("HTTP/1.1 101 "));
    await new Promise<void>((resolve) => server.listen(path, resolve));
    afterTest(() => void server.close());
    const { config } = router(offered);
    const endpoint = { type: "unix", path, timeoutMs: 2000 } as const;
    await expect(
      connectPeer({ ...config, endpoint }, wants("cbor"), recorder().handler),
    ).rejects.toThrow("it closed the connection during the handshake");
  });

  test("closes a connection whose session throws, and says why", async () => {
    const { config } = router(offered, (socket) => void socket.sendBinary(Uint8Array.of(0x80)));
    const closed = Promise.withResolvers<string>();
    const onMessage = () => {
      throw new Error("out of order");
    };
    await connectPeer(config, wants("cbor"), { onMessage, onDrain() {}, onClose: closed.resolve });
    expect(await closed.promise).toBe("internal error: out of order");
  });

  test("rejects when no router listens", async () => {
    const { config } = router(offered);
    const endpoint = { type: "unix", path: join(folder, "none.sock"), timeoutMs: 500 } as const;
    await expect(
      connectPeer({ ...config, endpoint }, wants("cbor"), recorder().handler),
    ).rejects.toThrow(/^Cannot connect to router at "unix .*none.sock": no such file$/);
  });

  test("takes a Unix path that would have to be escaped in a URL", async () => {
    const { config } = router(
      offered,
      () => {},
      () => {},
      "a b:%20.sock",
    );
    const mine = recorder();
    const peer = await connectPeer(config, wants("cbor"), mine.handler);
    peer.close(1000, "done");
    expect(await mine.closed).toBe("done");
  });

  test("masks messages of every length", async () => {
    const { config } = router(offered);
    for (const length of [0, 1, 125, 126, 65_535, 65_536, 3_000_001]) {
      const mine = recorder();
      const peer = await connectPeer(config, wants("cbor"), mine.handler);
      const octets = Buffer.alloc(length, "0123456");
      const sent = length > 1_000_000 ? giveOctets(new Uint8Array(octets)) : octets;
      peer.send(sent);
      expect(octets.equals(await mine.message)).toBe(true);
      peer.close(1000, "done");
      await mine.closed;
    }
  });

  test("leaves octets as they are that were not given to it", async () => {
    const { config } = router(offered);
    const peer = await connectPeer(config, wants("cbor"), recorder().handler);
    afterTest(() => peer.close(1000, "done"));
    for (const length of [100, 1_000_000]) {
      const octets = Buffer.alloc(length, "0123456");
      const [own, shared] = [octets, shareOctets(new Uint8Array(octets))];
      for (const sent of [own, shared]) peer.send(sent);
      for (const sent of [own, shared]) expect(sent).toEqual(Buffer.alloc(length, "0123456"));
    }
  });

  test("answers pings, and the close of the router", async () => {
    const ponged = Promise.withResolvers<string>();
    const { config } = router(offered, (socket) => socket.ping("hello"), ponged.resolve);
    const mine = recorder();
    const peer = await connectPeer(config, wants("cbor"), mine.handler);
    expect(await ponged.promise).toBe("hello");
    peer.send(Buffer.from("end"));
    expect(await mine.closed).toBe("as asked");
  });

  test("takes a message that comes in the same read as the answer", async () => {
    const path = join(folder, "same-read.sock");
    const server = createServer((socket) => {
      socket.once("data", (request: Buffer) => {
        const key = /Sec-WebSocket-Key: (\S+)/.exec(request.toString())?.[1] ?? "";
        const lines = [
          "HTTP/1.1 101 Switching Protocols",
          "Upgrade: websocket",
          "Connection: Upgrade",
          `Sec-WebSocket-Accept: ${acceptFor(key)}`,
          "Sec-WebSocket-Protocol: wamp.2.cbor",
        ];
        const answer = Buffer.from(`${lines.join("\r\n")}\r\n\r\n`);
        socket.end(Buffer.concat([answer, Buffer.from("8203010203", "hex")]));
      });
    });
    await new Promise<void>((resolve) => server.listen(path, resolve));
    afterTest(() => void server.close());
    const { config } = router(offered);
    const endpoint = { type: "unix", path, timeoutMs: 2000 } as const;
    const mine = recorder();
    await connectPeer({ ...config, endpoint }, wants("cbor"), mine.handler);
    expect(await mine.message).toEqual(Uint8Array.of(1, 2, 3));
    expect(await mine.closed).toBe("connection closed without a close frame");
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
    expect(await mine.closed).toBe("cbor travels in binary messages");
  });
});
