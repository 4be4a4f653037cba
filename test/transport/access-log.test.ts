/** The access log of Web transports: one line for each request, whatever way it ends. */

import { expect, test } from "bun:test";
import type { WebOptions, WebTransportConfig } from "#config/transport/transport-config.ts";
import { afterTest } from "../support/cleanups.ts";
import { jsonAt } from "../support/json-service.ts";
import { quietContext } from "../support/quiet-context.ts";
import { proxyTo, rawUpstream } from "../support/raw-upstream.ts";
import { anyPort, openTransport, webSocketTransport } from "../support/transports.ts";
import { dial, upgradeRequest } from "../support/universal-transport.ts";

/** A transport with an access log; `next` resolves with the next line, without what differs each time. */
async function start(
  changes: Partial<WebTransportConfig> = {},
  upstream = 1,
  options: WebOptions = { access_log: true },
) {
  const lines: string[] = [];
  let wake = () => {};
  const info = (event: string, _fields?: object, text?: string) => {
    if (event !== "request answered") return;
    lines.push((text ?? "").replace(/\[\S+ \+0000\]/, "[time]").replace(/ \d+\.\d{3} /, " "));
    wake();
  };
  const { port } = await openTransport(
    {
      type: "web",
      id: "transport001",
      endpoint: anyPort,
      paths: { value: jsonAt("12345"), ws: webSocketTransport(), api: proxyTo(upstream) },
      ...options,
      ...changes,
    },
    undefined,
    { ...quietContext, log: { ...quietContext.log, info } },
  );
  const next = async () => {
    while (lines.length === 0) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    return lines.shift();
  };
  return { port, lines, next };
}

const get = (path: string, ...headers: string[]) =>
  `${[`GET ${path} HTTP/1.1`, "Host: localhost", ...headers].join("\r\n")}\r\n\r\n`;

const CLOSE = "Connection: close";

const FROM = "127.0.0.1 - - [time]";

test.each([
  ["of a page", get("/value", CLOSE), `${FROM} "GET /value HTTP/1.1" 200 5 "-" "-" complete`],
  [
    "with secrets and a quote",
    get("/value?token=1", CLOSE, "Referer: http://h/?token=2", 'User-Agent: a"b'),
    `${FROM} "GET /value?token=*** HTTP/1.1" 200 5 "http://h/?token=***" "a\\x22b" complete`,
  ],
  [
    "for the head alone",
    get("/value", CLOSE).replace("GET", "HEAD"),
    `${FROM} "HEAD /value HTTP/1.1" 200 0 "-" "-" complete`,
  ],
  [
    "without a host",
    "GET /value HTTP/1.1\r\n\r\n",
    `${FROM} "GET /value HTTP/1.1" 400 88 "-" "-" complete`,
  ],
  [
    "that cannot be read",
    "GET\u0001 /value HTTP/1.1\r\n\r\n",
    `${FROM} "-" 400 67 "-" "-" complete`,
  ],
  [
    "with an unknown method",
    "BREW / HTTP/1.1\r\nHost: h\r\n\r\n",
    `${FROM} "BREW / HTTP/1.1" 501 49 "-" "-" complete`,
  ],
])("a request %s has one line", async (_what, octets, line) => {
  const { port, lines, next } = await start();
  await (await dial(port).send(octets)).whole();
  expect(await next()).toBe(line);
  expect(lines).toEqual([]);
});

test("each of several requests on one connection has its line", async () => {
  const { port, lines, next } = await start();
  await (await dial(port).send(get("/value") + get("/value?2") + get("/none", CLOSE))).whole();
  expect(await next()).toContain('"GET /value HTTP/1.1" 200 5 ');
  expect(await next()).toContain('"GET /value?2 HTTP/1.1" 200 5 ');
  expect(await next()).toContain('"GET /none HTTP/1.1" 404 ');
  expect(lines).toEqual([]);
});

test("a WebSocket has its line when it opens, and none for its messages and its end", async () => {
  const { port, lines, next } = await start();
  const client = dial(port);
  await (await client.send(upgradeRequest())).until("HTTP/1.1 101 ");
  expect(await next()).toBe(`${FROM} "GET /ws HTTP/1.1" 101 0 "-" "-" complete`);
  await client.send(Buffer.from("888200000000" + "03e8", "hex"));
  await client.closed;
  expect(lines).toEqual([]);
});

test("a connection too many has a line", async () => {
  const limits = {
    max_connections: 1,
    max_connections_per_address: null,
    max_messages_per_second: null,
    max_messages_burst: 0,
  };
  const { port, next } = await start({ limits });
  const open = dial(port);
  await (await open.send(upgradeRequest())).until("HTTP/1.1 101 ");
  await next();
  await (await dial(port).send(upgradeRequest())).whole();
  expect(await next()).toMatch(/"GET \/ws HTTP\/1\.1" 503 \d+ "-" "-" complete$/);
});

test("an answer that is cut off counts the octets that were sent, and says so", async () => {
  const upstream = await rawUpstream();
  const { port, next } = await start({}, upstream.port);
  const client = await dial(port).send(get("/api"));
  const server = await upstream.next();
  await server.until("\r\n\r\n");
  await server.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n0123456789");
  await client.until("0123456789");
  server.socket.destroy();
  await client.closed;
  expect(await next()).toBe(`${FROM} "GET /api HTTP/1.1" 200 10 "-" "-" cut`);
});

test("a client that goes before its answer begins has the status 499", async () => {
  const upstream = await rawUpstream();
  const { port, next } = await start({}, upstream.port);
  const client = await dial(port).send(get("/api"));
  afterTest(() => client.socket.destroy());
  await (await upstream.next()).until("\r\n\r\n");
  client.socket.resetAndDestroy();
  expect(await next()).toBe(`${FROM} "GET /api HTTP/1.1" 499 0 "-" "-" cut`);
});

test("a streamed answer counts its chunks, as its octets are", async () => {
  const upstream = await rawUpstream();
  const { port, next } = await start({}, upstream.port);
  const client = await dial(port).send(get("/api"));
  const server = await upstream.next();
  await server.until("\r\n\r\n");
  await server.send("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\n");
  await server.send("Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
  await client.until("0\r\n\r\n");
  expect(await next()).toBe(`${FROM} "GET /api HTTP/1.1" 200 13 "-" "-" complete`);
});

test("behind a trusted proxy the client is the one that it names", async () => {
  const { port, next } = await start({ trusted_proxies: ["127.0.0.1"] });
  await dial(port).send(get("/value", "X-Forwarded-For: 192.0.2.60"));
  expect(await next()).toStartWith('192.0.2.60 - - [time] "GET /value');
});

test("nothing is logged where it is not configured", async () => {
  const { port, lines } = await start({}, 1, {});
  await (await dial(port).send(get("/value", CLOSE))).whole();
  expect(lines).toEqual([]);
});
