/** Path type `websocket-reverseproxy`: messages, codes and refusals between a client and a backend. */

import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import type { ConnectingEndpointConfig } from "#config/endpoint/endpoint-config.ts";
import type { WebSocketOptions } from "#config/options/websocket-config.ts";
import type { WebTransportConfig } from "#config/transport/transport-config.ts";
import { acceptFor } from "#transport/websocket/handshake-answer.ts";
import { afterTest } from "../support/cleanups.ts";
import { webSocketDefaults } from "../support/default-options.ts";
import { keptLog } from "../support/kept-log.ts";
import { quietContext } from "../support/quiet-context.ts";
import { rawUpstream } from "../support/raw-upstream.ts";
import { RawWebSocket } from "../support/raw-websocket.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { anyPort, openTransport } from "../support/transports.ts";
import { dial, upgradeRequest } from "../support/universal-transport.ts";

/** A server of Bun that keeps what it gets; `protocol` is what it chooses. */
function backendServer(where: { port: number } | { unix: string }, protocol = "") {
  const got: (string | Buffer)[] = [];
  const requests: Request[] = [];
  const closed = Promise.withResolvers<[code: number, reason: string]>();
  const opened = Promise.withResolvers<Bun.ServerWebSocket<undefined>>();
  const common = {
    fetch(request: Request, self: Bun.Server<undefined>) {
      requests.push(request);
      const headers = { "Sec-WebSocket-Protocol": protocol };
      return self.upgrade(request, { headers }) ? undefined : new Response("no WebSocket");
    },
    websocket: {
      maxPayloadLength: 2 ** 27,
      backpressureLimit: 2 ** 30,
      open: (socket: Bun.ServerWebSocket<undefined>) => opened.resolve(socket),
      message(socket: Bun.ServerWebSocket<undefined>, message: string | Buffer) {
        got.push(message);
        if (message === "close") socket.close(4002, "asked to");
        else socket.send(message);
      },
      close(_: unknown, code: number, reason: string) {
        closed.resolve([code, reason]);
      },
    },
  };
  const server =
    "unix" in where
      ? Bun.serve({ unix: where.unix, ...common })
      : Bun.serve({ port: where.port, hostname: "127.0.0.1", ...common });
  afterTest(() => server.stop(true));
  return { got, requests, server, opened: opened.promise, closed: closed.promise };
}

const tcp = (port: number): ConnectingEndpointConfig => ({
  type: "tcp",
  host: "127.0.0.1",
  port,
  timeoutMs: 2_000,
  isWebServer: true,
});

/** A transport whose path `/ws` leads to this endpoint; gives its port. */
async function frontOf(
  endpoint: ConnectingEndpointConfig,
  options: Partial<WebSocketOptions> = {},
  log = quietContext.log,
  limits?: WebTransportConfig["limits"],
): Promise<number> {
  const ws = {
    type: "websocket-reverseproxy" as const,
    options: { ...webSocketDefaults, ...options },
    backend: { endpoint, url: "ws://backend.example/deep?x=1" },
  };
  const config: WebTransportConfig = {
    type: "web",
    id: "web",
    endpoint: anyPort,
    paths: { ws },
    ...(limits && { limits }),
  };
  const { port } = await openTransport(config, undefined, { ...quietContext, log });
  return port;
}

const hex = (text: string) => Buffer.from(text.replaceAll(" ", ""), "hex");
const latin1 = (text: string) => hex(text).toString("latin1");

/** Both sides of a relay, octet by octet, after their handshakes. */
async function rawRelay(options: Partial<WebSocketOptions> = {}) {
  const upstream = await rawUpstream();
  const relay = await dial(await frontOf(tcp(upstream.port), options)).send(upgradeRequest());
  const backend = await upstream.next();
  const head = await backend.until("\r\n\r\n");
  const key = /Sec-WebSocket-Key: (\S+)/.exec(head)?.[1] ?? "";
  const fields = ["Upgrade: websocket", "Connection: Upgrade"];
  const lines = [...fields, `Sec-WebSocket-Accept: ${acceptFor(key)}`, "", ""];
  await backend.send(`HTTP/1.1 101 Switching Protocols\r\n${lines.join("\r\n")}`);
  expect(await relay.until("\r\n\r\n")).toStartWith("HTTP/1.1 101 ");
  return { backend, relay };
}

/** A client, and what it has got; `next` waits for one message more. */
async function client(port: number, protocols: string[] = []) {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, protocols);
  socket.binaryType = "nodebuffer";
  afterTest(() => socket.terminate());
  const closed = Promise.withResolvers<[code: number, reason: string]>();
  socket.onclose = ({ code, reason }) => closed.resolve([code, reason]);
  const messages: unknown[] = [];
  let wake = () => {};
  socket.onmessage = ({ data }) => {
    messages.push(data);
    wake();
  };
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = reject;
  });
  const next = async () => {
    while (messages.length === 0) await new Promise<void>((resolve) => (wake = resolve));
    return messages.shift();
  };
  return { socket, next, closed: closed.promise };
}

const endpoints: [
  name: string,
  open: () => [ConnectingEndpointConfig, ReturnType<typeof backendServer>],
][] = [
  [
    "TCP",
    () => {
      const backend = backendServer({ port: 0 }, "b");
      return [tcp(backend.server.port ?? 0), backend];
    },
  ],
  [
    "a Unix socket",
    () => {
      const path = join(temporaryFolder(), "the backend ä.sock");
      return [{ type: "unix", path, timeoutMs: 2_000 }, backendServer({ unix: path }, "b")];
    },
  ],
];

describe.each(endpoints)("over %s", (_, open) => {
  test("messages go both ways, text as text and octets as octets", async () => {
    const [endpoint, backend] = open();
    const { socket, next } = await client(await frontOf(endpoint), ["a", "b"]);
    expect(socket.protocol).toBe("b");
    for (const message of ["Grüße", Buffer.from([0, 255]), "", "x".repeat(3_000_000)]) {
      socket.send(message);
      const echoed = await next();
      expect(typeof message === "string" ? echoed : Buffer.from(echoed as Buffer)).toEqual(message);
    }
    expect(backend.got.length).toBe(4);
    const [request] = backend.requests;
    expect(new URL(request?.url ?? "").pathname).toBe("/deep");
    expect([...(request?.headers ?? [])]).toContainEqual(["host", "backend.example"]);
    expect(request?.headers.get("sec-websocket-protocol")).toBe("a, b");
    expect(request?.headers.get("x-forwarded-for")).toBe("127.0.0.1");
  });
});

describe("a relayed WebSocket", () => {
  test("passes the client's code and reason to the backend", async () => {
    const backend = backendServer({ port: 0 });
    const { socket, closed } = await client(await frontOf(tcp(backend.server.port ?? 0)));
    socket.close(4001, "enough");
    expect(await backend.closed).toEqual([4001, "enough"]);
    expect((await closed)[0]).toBe(4001);
  });

  test("passes the backend's code and reason to the client", async () => {
    const backend = backendServer({ port: 0 });
    const { socket, closed } = await client(await frontOf(tcp(backend.server.port ?? 0)));
    socket.send("close");
    expect(await closed).toEqual([4002, "asked to"]);
  });

  test("ends without a close frame where the backend has ended so", async () => {
    const backend = backendServer({ port: 0 });
    const { closed } = await client(await frontOf(tcp(backend.server.port ?? 0)));
    (await backend.opened).terminate();
    expect((await closed)[0]).toBe(1006);
  });

  test("is closed with 1001 on both sides when the node shuts down", async () => {
    const backend = backendServer({ port: 0 });
    const ws = {
      type: "websocket-reverseproxy" as const,
      options: webSocketDefaults,
      backend: { endpoint: tcp(backend.server.port ?? 0), url: "ws://backend.example/" },
    };
    const { listener, port } = await openTransport({
      type: "web",
      id: "web",
      endpoint: anyPort,
      paths: { ws },
    });
    const { closed } = await client(port);
    await listener.close();
    expect(await closed).toEqual([1001, "the node shuts down"]);
    expect((await backend.closed)[0]).toBe(1001);
  });

  test("ends without a close frame where the client has ended so", async () => {
    const backend = backendServer({ port: 0 });
    const { socket } = await client(await frontOf(tcp(backend.server.port ?? 0)));
    socket.terminate();
    expect((await backend.closed)[0]).toBe(1006);
  });

  const frames: [what: string, sent: string, relayed: string][] = [
    ["a text", "81 02 6869", "81 02 6869"],
    ["octets", "82 02 00ff", "82 02 00ff"],
    ["an empty message", "82 00", "82 00"],
    ["a message in fragments, with a ping between", "01 01 68  89 01 31  80 01 69", "81 02 6869"],
    ["a close frame without a code", "88 00", "88 00"],
    ["a close frame with a code and a reason", "88 04 0fa2 6869", "88 04 0fa2 6869"],
  ];
  test.each(frames)("passes %s of the backend as it is", async (_, sent, relayed) => {
    const { backend, relay } = await rawRelay();
    await backend.send(hex(sent));
    await relay.until(latin1(relayed));
  });

  test("passes fragments of the client as one message, and a close frame without a code", async () => {
    const backend = backendServer({ port: 0 }, "wamp.2.cbor");
    const relay = await dial(await frontOf(tcp(backend.server.port ?? 0))).send(upgradeRequest());
    await relay.until("\r\n\r\n");
    await relay.send(hex("01 81 00000000 68  89 80 00000000  80 81 00000000 69"));
    await relay.until(latin1("8a 00  81 02 6869"));
    expect(backend.got).toEqual(["hi"]);
    await relay.send(hex("88 80 00000000"));
    expect(await backend.closed).toEqual([1005, ""]);
  });

  test.each([
    ["a masked frame", "81 81 00000000 78"],
    ["a text that is no UTF-8", "81 01 ff"],
    ["compression that was not offered", "c1 01 00"],
    ["the announcement of a message of 1 GiB", "82 7f 0000000040000000"],
  ])("is cut off on both sides where the backend sends %s", async (_, sent) => {
    const { backend, relay } = await rawRelay();
    const answered = relay.text.length;
    await backend.send(hex(sent));
    await relay.closed;
    expect(relay.text.length).toBe(answered);
    backend.socket.end();
    await backend.closed;
  });

  test("keeps to the options of the path, such as max_message_size and compression", async () => {
    const backend = backendServer({ port: 0 });
    const deflate = {
      max_window_bits: 15,
      no_context_takeover: false,
      request_max_window_bits: 0,
      request_no_context_takeover: false,
      memory_level: 8,
    };
    const options = { max_message_size: 1_000, compression: { deflate } };
    const port = await frontOf(tcp(backend.server.port ?? 0), options);
    const raw = await RawWebSocket.open(`ws://127.0.0.1:${port}/ws`, {
      "Sec-WebSocket-Extensions": "permessage-deflate",
    });
    expect(raw.answer).toContain("Sec-WebSocket-Extensions: permessage-deflate\r\n");
    const { socket, closed } = await client(port);
    socket.send("x".repeat(1_001));
    expect((await closed)[0]).toBe(1009);
  });

  test("stops the backend while the client does not read, and goes on", async () => {
    const backend = backendServer({ port: 0 });
    const port = await frontOf(tcp(backend.server.port ?? 0), { max_buffered: 65_536 });
    const { socket, next } = await client(port);
    const server = await backend.opened;
    socket.pause();
    const message = "x".repeat(500_000);
    for (let count = 0; count < 100; count++) server.send(message);
    // The relay does not hold what the system and the server have to, though it goes on serving others.
    let [last, turns] = [-1, 0];
    while (turns < 20) {
      await (await fetch(`http://127.0.0.1:${port}/ws`)).text();
      turns = server.getBufferedAmount() === last ? turns + 1 : 0;
      last = server.getBufferedAmount();
    }
    expect(last).toBeGreaterThan(20_000_000);
    socket.resume();
    for (let count = 0; count < 100; count++) expect(await next()).toBe(message);
  });

  test("closes both sides when the backend takes nothing for stall_timeout", async () => {
    const { backend, relay } = await rawRelay({ max_buffered: 65_536, stall_timeout: 200 });
    backend.socket.pause();
    relay.socket.write(
      Buffer.concat([hex("82 ff 0000000000f00000 00000000"), Buffer.alloc(0xf00000)]),
    );
    await relay.until(`\x03\xf0the backend does not read`);
  });

  test("closes both sides when one takes nothing for stall_timeout", async () => {
    const backend = backendServer({ port: 0 });
    const options = { max_buffered: 65_536, stall_timeout: 200 };
    const { socket } = await client(await frontOf(tcp(backend.server.port ?? 0), options));
    const server = await backend.opened;
    socket.pause();
    for (let count = 0; count < 100; count++) server.send("x".repeat(500_000));
    expect(await backend.closed).toEqual([1008, "the client does not read"]);
  });
});

describe("a handshake", () => {
  test.each([
    ["no upgrade", "GET /ws HTTP/1.1\r\nHost: h\r\n\r\n", "200 OK"],
    ["a POST", "POST /ws HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx", "405 "],
    ["HTTP/1.0", upgradeRequest().replace("HTTP/1.1", "HTTP/1.0"), "400 "],
    ["no key", upgradeRequest().replace(/Sec-WebSocket-Key.*\r\n/, ""), "400 "],
    ["a foreign origin", upgradeRequest("/ws", "Origin: http://evil.example"), "403 "],
  ])("with %s is answered here", async (_, request, status) => {
    const backend = backendServer({ port: 0 });
    const options = { allowed_origins: ["http://good.example"], enable_webstatus: true };
    const port = await frontOf(tcp(backend.server.port ?? 0), options);
    const answer = await (await dial(port).send(request)).until("\r\n\r\n");
    expect(answer).toStartWith(`HTTP/1.1 ${status}`);
    expect(backend.requests).toEqual([]);
  });

  test("keeps the choice of a backend that chooses no subprotocol", async () => {
    const { backend, relay } = await rawRelay();
    expect(backend.text).toContain("\r\nSec-WebSocket-Protocol: wamp.2.cbor\r\n");
    expect(relay.text).not.toContain("Sec-WebSocket-Protocol");
  });

  test("is answered with 503 where the backend cannot be reached, and the reason is logged", async () => {
    const { log, logged } = keptLog("warn");
    const connection = dial(await frontOf(tcp(1), {}, log));
    expect(await (await connection.send(upgradeRequest())).until("</html>")).toContain(
      "HTTP/1.1 503 ",
    );
    const reason = 'Cannot connect to server at "tcp 127.0.0.1:1": nobody listens there';
    expect(logged).toEqual([["WebSocket not relayed", { reason }]]);
  });

  test.each([
    [
      "refuses",
      "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
      "answered the WebSocket handshake with status 404",
    ],
    ["is no HTTP server", "SSH-2.0-x\r\n\r\n", "Cannot connect to server"],
  ])("is answered with 503 where the backend %s", async (_, answer, reason) => {
    const { log, logged } = keptLog("warn");
    const upstream = await rawUpstream();
    const connection = await dial(await frontOf(tcp(upstream.port), {}, log)).send(
      upgradeRequest(),
    );
    await (await upstream.next()).send(answer);
    await connection.until("HTTP/1.1 503 ");
    expect(String(logged[0]?.[1]?.["reason"])).toContain(reason);
  });

  test("gives its backend up when the client has gone meanwhile", async () => {
    const upstream = await rawUpstream();
    const connection = await dial(await frontOf(tcp(upstream.port))).send(upgradeRequest());
    const server = await upstream.next();
    await server.until("\r\n\r\n");
    const ended = new Promise((resolve) => server.socket.once("end", resolve));
    connection.socket.destroy();
    await Promise.race([ended, server.closed]);
  });

  test("with frames behind it loses none of them", async () => {
    const backend = backendServer({ port: 0 }, "wamp.2.cbor");
    const port = await frontOf(tcp(backend.server.port ?? 0));
    const frame = Buffer.from("8182 00000000 6869".replaceAll(" ", ""), "hex");
    const connection = await dial(port).send(Buffer.concat([Buffer.from(upgradeRequest()), frame]));
    await connection.until("\x81\x02hi");
    expect(backend.got).toEqual(["hi"]);
  });

  test("counts for max_connections", async () => {
    const backend = backendServer({ port: 0 });
    const limits = {
      max_connections: 1,
      max_connections_per_address: null,
      max_messages_per_second: null,
      max_messages_burst: 1,
    };
    const port = await frontOf(tcp(backend.server.port ?? 0), {}, quietContext.log, limits);
    const { socket, closed } = await client(port);
    const refused = await dial(port).send(upgradeRequest());
    await refused.until("HTTP/1.1 503 ");
    socket.close();
    await closed;
    await client(port);
  });
});
