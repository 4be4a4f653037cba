import { describe, expect, test } from "bun:test";
import { existsSync, statSync, writeFileSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import type { WebSocketOptions } from "#config/options/websocket-config.ts";
import type { WebSocketTransportConfig } from "#config/transport/transport-config.ts";
// By its file: Bun puts a client of its own in the place of the package's name.
// @ts-expect-error The package carries no types.
import { WebSocket as UntypedClient } from "../../node_modules/ws/wrapper.mjs";
import type { Listener } from "../../src/transport/listener.ts";
import type { Peer, PeerHandler, WireMessage } from "../../src/wamp/peer.ts";

/** The part of the client of the package `ws` that these tests use. */
interface WsClient {
  readonly protocol: string;
  readonly extensions: string;
  readonly readyState: number;
  readonly bufferedAmount: number;
  on(event: "close", listener: (code: number, reason: Buffer) => void): void;
  on(event: "message", listener: (message: Buffer) => void): void;
  once(event: "open" | "error" | "message" | "ping", listener: (value: unknown) => void): void;
  send(message: string | Uint8Array): void;
  pause(): void;
  resume(): void;
  close(code: number, reason: string): void;
  terminate(): void;
}

const WsClient = UntypedClient as new (
  url: string,
  protocols: string[],
  options: object,
) => WsClient;

import { afterTest } from "../support/cleanups.ts";
import { deflating } from "../support/default-options.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { anyPort, openTransport, webSocketTransport } from "../support/transports.ts";

/** What a session would see of one client. */
class Recorder implements PeerHandler {
  readonly peer: Peer;
  readonly messages: (string | Uint8Array)[] = [];
  readonly closed = Promise.withResolvers<string>();
  readonly drained = Promise.withResolvers<void>();
  #wake = () => {};

  constructor(peer: Peer) {
    this.peer = peer;
  }

  onMessage(octets: WireMessage): void {
    const isText = this.peer.serializer === "json";
    const message = isText ? Buffer.from(octets).toString() : octets;
    if (message === "[fault]") throw new Error("fault");
    this.messages.push(message);
    this.#wake();
  }

  onDrain(): void {
    this.drained.resolve();
  }

  onClose(reason: string): void {
    this.closed.resolve(reason);
  }

  async received(count: number): Promise<(string | Uint8Array)[]> {
    while (this.messages.length < count) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.messages;
  }
}

interface Started {
  listener: Listener;
  url: string;
  recorders: Recorder[];
}

async function start(
  options: Partial<WebSocketOptions> = {},
  rest: Partial<WebSocketTransportConfig> = {},
): Promise<Started> {
  const recorders: Recorder[] = [];
  const accept = (peer: Peer) => {
    const recorder = new Recorder(peer);
    recorders.push(recorder);
    return recorder;
  };
  const config = webSocketTransport({ max_message_size: 1024, ...options }, rest);
  return { ...(await openTransport(config, accept)), recorders };
}

interface Opened {
  client: WsClient;
  recorder: Recorder;
  closed: Promise<{ code: number; reason: string }>;
}

async function open(
  { url, recorders }: Started,
  protocols: string[] = ["wamp.2.json"],
  options = {},
): Promise<Opened> {
  const client = new WsClient(url, protocols, options);
  afterTest(() => client.terminate());
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    client.on("close", (code, reason) => resolve({ code, reason: reason.toString() }));
  });
  const before = recorders.length;
  await new Promise((resolve, reject) => {
    client.once("open", resolve);
    client.once("error", reject);
  });
  const recorder = recorders[before];
  if (recorder === undefined) throw new Error("no peer was accepted");
  return { client, recorder, closed };
}

function get(url: string, headers: Record<string, string> = {}, method = "GET") {
  return fetch(url.replace(/^ws/, "http"), { headers, method });
}

const handshake = {
  Connection: "Upgrade",
  Upgrade: "websocket",
  "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
  "Sec-WebSocket-Version": "13",
  "Sec-WebSocket-Protocol": "wamp.2.json",
};

/** Sends a handshake as text and answers the status line and headers. */
async function readHandshake(url: string, headers: Record<string, string>): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket: Socket = connect(Number(port), hostname);
  afterTest(() => socket.destroy());
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`GET /ws HTTP/1.1\r\n${lines.join("")}\r\n`);
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  socket.once("data", (octets) => resolve(octets.toString()));
  socket.once("error", reject);
  return promise;
}

describe("the opening handshake", () => {
  test("takes the client's first acceptable subprotocol", async () => {
    const started = await start({}, { serializers: ["json", "cbor"] });
    const { client, recorder } = await open(started, [
      "wamp.2.msgpack",
      "wamp.2.cbor",
      "wamp.2.json",
    ]);
    expect(client.protocol).toBe("wamp.2.cbor");
    expect(recorder.peer.serializer).toBe("cbor");
    expect(recorder.peer.details.peer).toMatch(/^tcp4:127\.0\.0\.1:\d+$/);
  });

  test("speaks with the WebSocket client of Bun", async () => {
    const started = await start();
    const client = new WebSocket(`${started.url}any/path?query`, ["wamp.2.msgpack"]);
    await new Promise((resolve) => client.addEventListener("open", resolve));
    client.send(new Uint8Array([0x93, 0x01, 0xa1, 0x72, 0x80]));
    const [message] = (await started.recorders[0]?.received(1)) ?? [];
    expect(Buffer.from(message as Uint8Array).toString("hex")).toBe("9301a17280");
    client.close();
    await started.recorders[0]?.closed.promise;
  });

  test("lists what is available when no subprotocol is acceptable", async () => {
    const { url } = await start({}, { serializers: ["json", "cbor"] });
    const answer = await readHandshake(url, {
      Host: "localhost",
      ...handshake,
      "Sec-WebSocket-Protocol": "wamp.2.msgpack",
    });
    expect(answer).toStartWith("HTTP/1.1 400");
    expect(answer).toContain("wamp.2.json, wamp.2.json.batched, wamp.2.cbor");
  });

  test("takes a client without subprotocol for JSON where none is required", async () => {
    const started = await start({ require_websocket_subprotocol: false });
    const { client, recorder } = await open(started, []);
    expect(client.protocol).toBe("");
    expect(recorder.peer.serializer).toBe("json");
  });

  test("refuses pages of other origins", async () => {
    const { url } = await start({ allowed_origins: ["https://good.example"] });
    const from = (Origin: string) =>
      readHandshake(url, { Host: "localhost", ...handshake, Origin });
    expect(await from("https://bad.example")).toStartWith("HTTP/1.1 403");
    expect(await from("https://good.example")).toStartWith("HTTP/1.1 101");
  });

  test("refuses another version, and requests that do not ask to upgrade the connection", async () => {
    const { url } = await start();
    const old = await readHandshake(url, {
      Host: "localhost",
      ...handshake,
      "Sec-WebSocket-Version": "8",
    });
    expect(old).toStartWith("HTTP/1.1 426");
    expect(old.toLowerCase()).toContain("sec-websocket-version: 13");
    const closing = await readHandshake(url, {
      Host: "localhost",
      ...handshake,
      Connection: "close",
    });
    expect(closing).toStartWith("HTTP/1.1 400");
  });

  test("wants the port outside of a forwarder named where there is one", async () => {
    const { url } = await start({ external_port: 8443 });
    const at = (Host: string) => readHandshake(url, { Host, ...handshake });
    expect(await at("example.com:8443")).toStartWith("HTTP/1.1 101");
    expect(await at("example.com:8080")).toStartWith("HTTP/1.1 400");
    expect(await at("example.com")).toStartWith("HTTP/1.1 400");
    // Of what a forwarder ends there is only the port to tell: TLS before it leaves out 443.
    for (const external_port of [80, 443]) {
      const implied = await start({ external_port });
      expect(await readHandshake(implied.url, { Host: "example.com", ...handshake })).toStartWith(
        "HTTP/1.1 101",
      );
    }
  });

  test("names program and release only where that is wanted", async () => {
    const shown = await start({ show_server_version: true });
    const answer = await readHandshake(shown.url, { Host: "localhost", ...handshake });
    expect(answer).toMatch(/\r\nServer: crossproxy\/0\.0\.0\r\n/i);
    const { url } = await start();
    expect(await readHandshake(url, { Host: "localhost", ...handshake })).not.toMatch(
      /\r\nServer:/i,
    );
  });

  test("refuses a handshake without a key", async () => {
    const { url } = await start();
    const { "Sec-WebSocket-Key": _, ...incomplete } = handshake;
    expect(await readHandshake(url, { Host: "localhost", ...incomplete })).toStartWith(
      "HTTP/1.1 400",
    );
  });

  test("negotiates compression only where the path has it", async () => {
    const deflate = deflating({ max_window_bits: 13, request_max_window_bits: 13 });
    const compressing = await start({ compression: { deflate } });
    const plain = await start();
    const a = await open(compressing);
    const b = await open(plain);
    expect(a.client.extensions).toContain("permessage-deflate");
    expect(b.client.extensions).toBe("");
    const text = JSON.stringify([36, 1, 2, {}, ["x".repeat(500)]]);
    a.client.send(text);
    expect(await a.recorder.received(1)).toEqual([text]);
    const echoed = new Promise((resolve) => a.client.once("message", resolve));
    a.recorder.peer.send(Buffer.from(text));
    expect(String(await echoed)).toBe(text);
  });
});

test("a compressing client that cannot limit its window is understood", async () => {
  const deflate = deflating({ max_window_bits: 13, request_max_window_bits: 11 });
  const started = await start({ max_message_size: 65536, compression: { deflate } });
  const { client, recorder } = await open(started, ["wamp.2.json"], {
    perMessageDeflate: { clientMaxWindowBits: false, threshold: 0 },
  });
  const noise = Buffer.from(crypto.getRandomValues(new Uint8Array(12000))).toString("base64");
  client.send(noise + noise);
  client.send(noise);
  expect(await recorder.received(2)).toEqual([noise + noise, noise]);
});

describe("a plain request", () => {
  test("gets the status page", async () => {
    const { url } = await start();
    const response = await get(url);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toStartWith("text/html");
    expect(await response.text()).toContain("wamp.2.cbor");
  });

  test("gets 426 without enable_webstatus", async () => {
    const { url } = await start({ enable_webstatus: false });
    expect((await get(url)).status).toBe(426);
  });

  test("gets 405 for a method that is neither GET nor HEAD", async () => {
    const { url } = await start();
    expect((await get(url, {}, "POST")).status).toBe(405);
    const head = await get(url, {}, "HEAD");
    expect([head.status, await head.text()]).toEqual([200, ""]);
  });
});

describe("a peer", () => {
  test("is closed with 1009 for a message longer than the path takes", async () => {
    const { client, closed } = await open(await start());
    client.send("x".repeat(1025));
    expect((await closed).code).toBe(1009);
  });

  test("has its longest message counted in octets, not in characters", async () => {
    const { client, closed, recorder } = await open(await start());
    client.send("é".repeat(512));
    await recorder.received(1);
    client.send("é".repeat(513));
    expect((await closed).code).toBe(1009);
  });

  test("is closed with 1003 for the wrong kind of frame", async () => {
    const started = await start();
    const json = await open(started, ["wamp.2.json"]);
    json.client.send(Buffer.from("[1]"));
    expect((await json.closed).code).toBe(1003);
    const cbor = await open(started, ["wamp.2.cbor"]);
    cbor.client.send("[1]");
    expect((await cbor.closed).code).toBe(1003);
  });

  test("alone is closed with 1011 when its handler throws", async () => {
    const started = await start();
    const other = await open(started);
    const { client, closed, recorder } = await open(started);
    client.send("[fault]");
    expect((await closed).code).toBe(1011);
    await recorder.closed.promise;
    other.client.send("[1]");
    expect(await other.recorder.received(1)).toEqual(["[1]"]);
  });

  test("gets a reason that is cut at a character that does not fit", async () => {
    const { closed, recorder } = await open(await start());
    recorder.peer.close(1008, `${"x".repeat(122)}é`);
    expect(await closed).toEqual({ code: 1008, reason: "x".repeat(122) });
    expect(await recorder.closed.promise).toBe(`${"x".repeat(122)}é`);
  });

  test("is not read while it is paused, and nothing is lost", async () => {
    const { client, recorder } = await open(await start({ max_message_size: 1024 * 1024 }));
    recorder.peer.pause();
    const message = "x".repeat(1024 * 1024);
    for (let i = 0; i < 32; i++) client.send(message);
    // What the server sends still arrives, and shows that it has had its turn to read.
    const served = new Promise((resolve) => client.once("message", resolve));
    recorder.peer.send(Buffer.from("[1]"));
    await served;
    expect(recorder.messages.length).toBeLessThan(32);
    expect(client.bufferedAmount).toBeGreaterThan(1024 * 1024);
    recorder.peer.resume();
    expect((await recorder.received(32)).every((one) => one === message)).toBe(true);
  });

  test("that does not read makes send say so, and drains when it reads again", async () => {
    const { client, recorder } = await open(await start(), ["wamp.2.cbor"]);
    client.pause();
    const octets = new Uint8Array(256 * 1024);
    let sent = 1;
    while (recorder.peer.send(octets)) sent++;
    expect(recorder.peer.bufferedOctets).toBeGreaterThanOrEqual(1024 * 1024);
    let received = 0;
    const all = new Promise<void>((resolve) => {
      client.on("message", () => {
        received++;
        if (received === sent) resolve();
      });
    });
    client.resume();
    await recorder.drained.promise;
    await all;
    expect(recorder.peer.bufferedOctets).toBe(0);
  });

  test("that never reads is closed before it fills the memory", async () => {
    const { client, recorder } = await open(await start(), ["wamp.2.cbor"]);
    client.pause();
    const octets = new Uint8Array(1024 * 1024);
    for (let i = 0; i < 40; i++) recorder.peer.send(octets);
    expect(recorder.peer.bufferedOctets).toBeLessThan(20 * 1024 * 1024);
    expect(await recorder.closed.promise).toBe("too many octets are waiting to be read");
  });

  test("passes on the reason with which it leaves", async () => {
    const { client, recorder } = await open(await start());
    client.close(1000, "done");
    expect(await recorder.closed.promise).toBe("done");
  });

  test("that does not answer pings is cut off, and one that does stays", async () => {
    const within = (auto_ping_timeout: number) =>
      start({ auto_ping_interval: 20, auto_ping_timeout });
    const silent = await open(await within(60), ["wamp.2.json"], { autoPong: false });
    expect(await silent.recorder.closed.promise).toBe("no answer to a ping");
    const { client } = await open(await within(5_000));
    // The second ping comes behind the answer to the first.
    for (const _ of [1, 2]) await new Promise((resolve) => client.once("ping", resolve));
    expect(client.readyState).toBe(1);
  });
});

describe("a listener", () => {
  test("names the address when the port is in use", async () => {
    const { url } = await start();
    const port = Number(new URL(url).port);
    const second = start({}, { endpoint: { ...anyPort, port } });
    await expect(second).rejects.toThrow(
      `Cannot listen on "tcp 127.0.0.1:${port}": address already in use`,
    );
  });

  test("that stops accepting keeps what is open", async () => {
    const started = await start();
    const { client, recorder } = await open(started);
    started.listener.stopAccepting();
    await expect(get(started.url)).rejects.toThrow();
    client.send("[1]");
    expect(await recorder.received(1)).toEqual(["[1]"]);
  });

  test("closes after it stopped accepting, with clients still there", async () => {
    const started = await start();
    const { closed } = await open(started);
    started.listener.stopAccepting();
    await started.listener.close();
    expect((await closed).code).toBe(1001);
  });

  test("that closes tells its clients 1001", async () => {
    const started = await start();
    const { closed, recorder } = await open(started);
    await started.listener.close();
    expect((await closed).code).toBe(1001);
    await recorder.closed.promise;
  });
});

describe("a Unix socket", () => {
  function unixEndpoint(): { type: "unix"; path: string; permission: number } {
    const folder = temporaryFolder();
    return { type: "unix", path: join(folder, "ws.sock"), permission: 0o600 };
  }

  test("has the configured mode, serves, and is removed at the end", async () => {
    const endpoint = unixEndpoint();
    const started = await start({}, { endpoint });
    expect(started.url).toBe(`ws+unix:${endpoint.path}`);
    expect(statSync(endpoint.path).mode & 0o777).toBe(0o600);
    const { client, recorder } = await open({ ...started, url: `ws+unix:${endpoint.path}:/ws` });
    client.send("[1]");
    await recorder.received(1);
    expect(recorder.peer.details).toEqual({
      peer: `unix:${endpoint.path}`,
      type: "websocket",
      serializer: "json",
      isSecure: false,
      isUnixSocket: true,
    });
    await started.listener.close();
    expect(existsSync(endpoint.path)).toBe(false);
  });

  test("that a killed program left behind is taken over", async () => {
    const endpoint = unixEndpoint();
    const script = `require("node:net").createServer().listen(${JSON.stringify(endpoint.path)}, () => process.kill(process.pid, "SIGKILL"))`;
    await Bun.spawn([process.execPath, "-e", script]).exited;
    expect(existsSync(endpoint.path)).toBe(true);
    const started = await start({}, { endpoint });
    await open({ ...started, url: `ws+unix:${endpoint.path}:/` });
  });

  test("on which a program listens is never taken", async () => {
    const endpoint = unixEndpoint();
    const server = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => server.listen(endpoint.path, resolve));
    afterTest(() => server.close());
    await expect(start({}, { endpoint })).rejects.toThrow(
      `Cannot listen on "unix ${endpoint.path}": address already in use`,
    );
    expect(existsSync(endpoint.path)).toBe(true);
  });

  test("never replaces a file that is no socket", async () => {
    const endpoint = unixEndpoint();
    writeFileSync(endpoint.path, "precious");
    await expect(start({}, { endpoint })).rejects.toThrow("the file exists and is not a socket");
  });
});
