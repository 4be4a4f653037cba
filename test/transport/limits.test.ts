import { describe, expect, test } from "bun:test";
import { connect } from "node:net";
import type { TransportLimits } from "#config/options/limits-config.ts";
import type { Peer, TransportDetails, WireMessage } from "#wamp/peer.ts";
import { afterTest } from "../support/cleanups.ts";
import {
  anyPort,
  openTransport,
  rawSocketTransport,
  webSocketTransport,
} from "../support/transports.ts";
import { dial, startEcho, universal, upgradeRequest } from "../support/universal-transport.ts";

const noLimits: TransportLimits = {
  max_connections: null,
  max_connections_per_address: null,
  max_messages_per_second: null,
  max_messages_burst: 0,
};
/** Starts a transport; gives its port, and what its sessions are told. */
async function start(
  type: "websocket" | "rawsocket",
  limits: Partial<TransportLimits>,
  trusted_proxies?: string[],
) {
  const peers: TransportDetails[] = [];
  const received: string[] = [];
  let waiting: { count: number; wake: () => void } | undefined;
  const endings: (() => void)[] = [];
  const accept = ({ details }: Peer) => {
    peers.push(details);
    return {
      onMessage(message: WireMessage) {
        received.push(Buffer.from(message).toString());
        if (waiting && received.length >= waiting.count) waiting.wake();
      },
      onDrain() {},
      onClose: () => endings.shift()?.(),
    };
  };
  const changes = { serializers: ["json" as const], limits: { ...noLimits, ...limits } };
  const config =
    type === "rawsocket"
      ? rawSocketTransport({ max_message_size: 512 }, changes)
      : webSocketTransport({}, { ...changes, ...(trusted_proxies && { trusted_proxies }) });
  const { port } = await openTransport(config, accept);
  return {
    port,
    peers,
    received,
    /** Resolves when so many messages have come. */
    async count(count: number) {
      if (received.length >= count) return;
      await new Promise<void>((wake) => {
        waiting = { count, wake };
      });
    },
    /** Resolves when a session has ended. */
    ended: () => new Promise<void>((resolve) => endings.push(resolve)),
  };
}

const upgrade = [
  "GET / HTTP/1.1",
  "Host: localhost",
  "Connection: Upgrade",
  "Upgrade: websocket",
  "Sec-WebSocket-Version: 13",
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
  "Sec-WebSocket-Protocol: wamp.2.json",
  "\r\n",
].join("\r\n");

/** Sends octets from an address of this machine; gives the first answer. */
async function ask(port: number, octets: string | Uint8Array, localAddress = "127.0.0.1") {
  const socket = connect({ port, host: "127.0.0.1", localAddress });
  afterTest(() => socket.destroy());
  socket.write(octets);
  const answer = await new Promise<Buffer>((resolve, reject) => {
    socket.once("data", resolve);
    socket.once("error", reject);
  });
  return { socket, answer };
}

const statusOf = async (port: number, localAddress?: string) =>
  (await ask(port, upgrade, localAddress)).answer.toString().split("\r\n")[0];

const handshake = Uint8Array.fromHex("7ff10000");
const answerOf = async (port: number, localAddress?: string) =>
  (await ask(port, handshake, localAddress)).answer.toHex();

describe("a WebSocket transport", () => {
  test("answers 503 beyond max_connections, until one has ended", async () => {
    const transport = await start("websocket", { max_connections: 1 });
    const first = await ask(transport.port, upgrade);
    expect(first.answer.toString()).toStartWith("HTTP/1.1 101 ");
    const { answer } = await ask(transport.port, upgrade);
    expect(answer.toString()).toStartWith("HTTP/1.1 503 Service Unavailable\r\n");
    expect(answer.toString()).toEndWith("There are too many connections. Try again later.\n");
    const ended = transport.ended();
    first.socket.destroy();
    await ended;
    expect(await statusOf(transport.port)).toBe("HTTP/1.1 101 Switching Protocols");
  });

  test("counts addresses apart", async () => {
    const { port } = await start("websocket", { max_connections_per_address: 1 });
    expect(await statusOf(port)).toStartWith("HTTP/1.1 101 ");
    expect(await statusOf(port)).toStartWith("HTTP/1.1 503 ");
    expect(await statusOf(port, "127.0.0.2")).toStartWith("HTTP/1.1 101 ");
  });

  test("takes no place for a handshake that fails", async () => {
    const { port } = await start("websocket", { max_connections: 1 });
    const { answer } = await ask(port, upgrade.replace("dGhlIHNhbXBsZSBub25jZQ==", "x"));
    expect(answer.toString()).toStartWith("HTTP/1.1 400 ");
    expect(await statusOf(port)).toStartWith("HTTP/1.1 101 ");
  });

  test("reads a session no faster than max_messages_per_second, and loses nothing", async () => {
    const limits = { max_messages_per_second: 100, max_messages_burst: 10 };
    const { port, received, count } = await start("websocket", limits);
    const client = new WebSocket(`ws://127.0.0.1:${port}/`, ["wamp.2.json"]);
    afterTest(() => client.terminate());
    await new Promise((resolve) => client.addEventListener("open", resolve));
    const begun = performance.now();
    for (let n = 0; n < 30; n++) client.send(`[${n}]`);
    await count(30);
    client.send("[30]");
    await count(31);
    expect(performance.now() - begun).toBeGreaterThan(190);
    expect(received).toEqual(Array.from({ length: 31 }, (_, n) => `[${n}]`));
  });
});

describe("a WebSocket transport behind a proxy", () => {
  const from = (client: string) =>
    upgrade.replace("Host: localhost", `Host: localhost\r\nX-Forwarded-For: ${client}`);
  const answerTo = async (port: number, request: string, localAddress?: string) =>
    (await ask(port, request, localAddress)).answer.toString().split("\r\n")[0];

  test("counts and shows the client that a trusted proxy names", async () => {
    const limits = { max_connections_per_address: 1 };
    const { port, peers } = await start("websocket", limits, ["127.0.0.1"]);
    expect(await answerTo(port, from("203.0.113.7"))).toStartWith("HTTP/1.1 101 ");
    expect(await answerTo(port, from("203.0.113.7"))).toStartWith("HTTP/1.1 503 ");
    expect(await answerTo(port, from("203.0.113.8:99"))).toStartWith("HTTP/1.1 101 ");
    expect(peers.map(({ peer }) => peer)).toEqual(["tcp4:203.0.113.7:0", "tcp4:203.0.113.8:99"]);
  });

  test("shows the connection's own address for what is malformed", async () => {
    const { port, peers } = await start("websocket", {}, ["127.0.0.1"]);
    expect(await answerTo(port, from("nobody"))).toStartWith("HTTP/1.1 101 ");
    expect(peers[0]?.peer).toMatch(/^tcp4:127\.0\.0\.1:[1-9]\d*$/);
  });

  test("does not believe others, nor anybody by default", async () => {
    const trusting = await start("websocket", {}, ["127.0.0.1"]);
    const ordinary = await start("websocket", {});
    await answerTo(trusting.port, from("203.0.113.7"), "127.0.0.2");
    await answerTo(ordinary.port, from("203.0.113.7"));
    expect(trusting.peers[0]?.peer).toStartWith("tcp4:127.0.0.2:");
    expect(ordinary.peers[0]?.peer).toStartWith("tcp4:127.0.0.1:");
  });
});

describe("a universal transport", () => {
  const limits = { ...noLimits, max_connections_per_address: 1 };

  test("counts WebSocket and RawSocket together", async () => {
    const { port } = await startEcho({ ...universal(), limits });
    const first = dial(port);
    await (await first.send(upgradeRequest())).until("HTTP/1.1 101 ");
    const second = await dial(port).send(Uint8Array.fromHex("7ff30000"));
    expect(await second.whole()).toBe("\x7f\x40\0\0");
    const third = await dial(port).send(upgradeRequest());
    expect(await third.whole()).toStartWith("HTTP/1.1 503 ");
  });

  test("counts the clients that a PROXY header names", async () => {
    const endpoint = { ...anyPort, trusted_proxies: ["127.0.0.1"] };
    const { port } = await startEcho({ ...universal(endpoint), limits });
    const from = async (address: string) => {
      const client = dial(port);
      await client.send(`PROXY TCP4 ${address} 192.0.2.1 1111 80\r\n\x7f\xf3\0\0`);
      return Buffer.from(await client.until("\0\0"), "latin1").toString("hex");
    };
    expect(await from("203.0.113.7")).toBe("7ff30000");
    expect(await from("203.0.113.7")).toBe("7f400000");
    expect(await from("203.0.113.8")).toBe("7ff30000");
  });
});

describe("a RawSocket transport", () => {
  test("answers error 4 beyond max_connections, until one has ended", async () => {
    const transport = await start("rawsocket", { max_connections: 1 });
    const first = await ask(transport.port, handshake);
    expect(first.answer.toHex()).toBe("7f010000");
    expect(await answerOf(transport.port)).toBe("7f400000");
    const ended = transport.ended();
    first.socket.destroy();
    await ended;
    expect(await answerOf(transport.port)).toBe("7f010000");
  });

  test("counts connections that have said nothing yet", async () => {
    const { port } = await start("rawsocket", { max_connections: 1 });
    const mute = connect({ port, host: "127.0.0.1" });
    afterTest(() => mute.destroy());
    await new Promise((resolve) => mute.once("connect", resolve));
    expect(await answerOf(port)).toBe("7f400000");
  });

  test("counts addresses apart", async () => {
    const { port } = await start("rawsocket", { max_connections_per_address: 1 });
    expect(await answerOf(port)).toBe("7f010000");
    expect(await answerOf(port)).toBe("7f400000");
    expect(await answerOf(port, "127.0.0.2")).toBe("7f010000");
  });

  test("reads a session no faster than max_messages_per_second, and loses nothing", async () => {
    const limits = { max_messages_per_second: 100, max_messages_burst: 10 };
    const { port, received, count } = await start("rawsocket", limits);
    const { socket } = await ask(port, handshake);
    const begun = performance.now();
    for (let n = 0; n < 30; n++) socket.write(Uint8Array.fromHex("000000035b315d"));
    await count(30);
    socket.write(Uint8Array.fromHex("000000035b325d"));
    await count(31);
    expect(performance.now() - begun).toBeGreaterThan(190);
    expect(received).toEqual([...Array<string>(30).fill("[1]"), "[2]"]);
  });
});
