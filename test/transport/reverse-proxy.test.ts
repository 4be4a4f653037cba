/** Path type `reverseproxy`: what reaches the upstream server, and what of its answers reaches the client. */

import { describe, expect, test } from "bun:test";
import type { CertificateConfig } from "#config/endpoint/endpoint-config.ts";
import { hasOpenssl, selfSigned, THIS_MACHINE } from "../support/certificates.ts";
import { afterTest } from "../support/cleanups.ts";
import { keptLog } from "../support/kept-log.ts";
import { frontOf, proxyTo, type RawUpstream, rawUpstream } from "../support/raw-upstream.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { anyPort, openTransport } from "../support/transports.ts";
import { dial, type OctetClient, upgradeRequest } from "../support/universal-transport.ts";

const DATE = "Date: Sat, 28 Nov 2026 00:00:00 GMT";

/** Starts a path with these changes, and a client of it. */
async function front(
  ...[changes, options, transport, context]: [
    changes?: Parameters<typeof proxyTo>[1],
    options?: Parameters<typeof proxyTo>[2],
    transport?: Parameters<typeof frontOf>[1],
    context?: Parameters<typeof frontOf>[2],
  ]
): Promise<{ upstream: RawUpstream; port: number; client: OctetClient }> {
  const upstream = await rawUpstream();
  const port = await frontOf(proxyTo(upstream.port, changes, options), transport, context);
  return { upstream, port, client: dial(port) };
}

/** The lines of a head but those that name where a request came from. */
const linesOf = (head: string) =>
  head
    .split("\r\n\r\n")[0]
    ?.split("\r\n")
    .filter((line) => !/^(x-forwarded-|x-real-ip|forwarded)/i.test(line));

/** Sends a request; gives the connection on which it has arrived, with its whole head. */
async function arrival({ upstream, client }: Awaited<ReturnType<typeof front>>, request: string) {
  await client.send(request);
  const server = await upstream.next();
  await server.until("\r\n\r\n");
  return server;
}

/** A number once it does not change any more, though the transport goes on serving others. */
async function steady(port: number, read: () => number): Promise<number> {
  let [last, turns] = [read(), 0];
  while (turns < 20) {
    await (await fetch(`http://127.0.0.1:${port}/`)).text();
    turns = read() === last ? turns + 1 : 0;
    last = read();
  }
  return last;
}

describe("a request", () => {
  test("keeps its fields as written and in order, but those for one connection", async () => {
    const both = await front();
    const server = await arrival(
      both,
      [
        "GET /app/a'b/%C3%A4?q='x'&q=%20 HTTP/1.1",
        "Host: shop.example:8443",
        "x-TWO:  b \t",
        "Cookie: a=1",
        "X-One: \u00e9",
        "x-two: a",
        "Connection: keep-alive, X-Mine",
        "X-Mine: 1",
        "Keep-Alive: timeout=5",
        "Proxy-Connection: close",
        "Proxy-Authorization: Basic eA==",
        "TE: trailers",
        "Trailer: x",
        "Upgrade: h2c",
        "Cookie: b=2",
        "Expect: 100-continue",
        "",
        "",
      ].join("\r\n"),
    );
    expect(linesOf(server.text)).toEqual([
      "GET /a'b/%C3%A4?q='x'&q=%20 HTTP/1.1",
      `Host: 127.0.0.1:${both.upstream.port}`,
      "x-TWO:  b \t",
      "Cookie: a=1",
      "X-One: \u00e9",
      "x-two: a",
      "Cookie: b=2",
      "Expect: 100-continue",
    ]);
  });

  const targets: [configured: string, target: string, sent: string][] = [
    ["", "/app", "/"],
    ["", "/app/", "/"],
    ["", "/app?x=1", "/?x=1"],
    ["", "/app/a/b/?x=1#y", "/a/b/?x=1"],
    ["", "/app/a#y?x=1", "/a"],
    ["/base", "/app", "/base"],
    ["/base", "/app/", "/base/"],
    ["/base", "/app/a", "/base/a"],
    ["/base", "/app/x/../a", "/base/a"],
    ["/base", "/app/a//b", "/base/a//b"],
    ["/base", "/app/a%2Fb", "/base/a%2Fb"],
    ["", "/app/a;v=1/b", "/a;v=1/b"],
    ["", "http://elsewhere/app/a", "/a"],
  ];
  test.each(targets)("with path %j for %s asks for %s", async (path, target, sent) => {
    const both = await front({ path });
    const server = await arrival(both, `GET ${target} HTTP/1.1\r\nHost: h\r\n\r\n`);
    expect(server.text.split("\r\n")[0]).toBe(`GET ${sent} HTTP/1.1`);
  });

  const refused: [what: string, request: string, status: number][] = [
    [
      "two lengths",
      "POST /app HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
      400,
    ],
    [
      "a length and a coding",
      "POST /app HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
      400,
    ],
    [
      "another coding",
      "POST /app HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
      400,
    ],
    ["two hosts", "GET /app HTTP/1.1\r\nHost: h\r\nHost: i\r\n\r\n", 400],
    ["a folded line", "GET /app HTTP/1.1\r\nHost: h\r\nX-A: 1\r\n 2\r\n\r\n", 400],
    ["a space before a colon", "GET /app HTTP/1.1\r\nHost: h\r\nContent-Length : 5\r\n\r\n", 400],
    ["a bare CR in a value", "GET /app HTTP/1.1\r\nHost: h\r\nX-A: 1\rX-B: 2\r\n\r\n", 400],
    ["encoded dots and slash", "GET /app/..%2f..%2fetc HTTP/1.1\r\nHost: h\r\n\r\n", 400],
    ["dots before a semicolon", "GET /app/..;/x HTTP/1.1\r\nHost: h\r\n\r\n", 400],
    ["encoded NUL", "GET /app/a%00 HTTP/1.1\r\nHost: h\r\n\r\n", 400],
    ["half an encoding", "GET /app/a%2 HTTP/1.1\r\nHost: h\r\n\r\n", 400],
    ["dots that lead to another path", "GET /app/../ HTTP/1.1\r\nHost: h\r\n\r\n", 200],
  ];
  test.each(["CONNECT", "TRACE"])("of the method %s does not reach it either", async (method) => {
    const { upstream, client } = await front();
    await client.send(`${method} /app HTTP/1.1\r\nHost: h\r\n\r\n`);
    expect(await client.until("\r\n\r\n")).toStartWith("HTTP/1.1 405 ");
    expect(client.text).toContain("\r\nAllow: GET, ");
    expect(upstream.count()).toBe(0);
  });

  test("OPTIONS with Max-Forwards is passed on so many times", async () => {
    const both = await front();
    const ask = (count: number) =>
      `OPTIONS /app HTTP/1.1\r\nHost: h\r\nMax-Forwards: ${count}\r\n\r\n`;
    const server = await arrival(both, ask(3));
    expect(linesOf(server.text)).toContain("Max-Forwards: 2");
    const last = await dial(both.port).send(ask(0));
    expect(await last.until("\r\n\r\n")).toStartWith("HTTP/1.1 200 ");
    expect(both.upstream.count()).toBe(1);
  });

  test.each(refused)("with %s does not reach the upstream server", async (_, request, status) => {
    const { upstream, client } = await front();
    await client.send(request);
    expect(await client.until("\r\n\r\n")).toStartWith(`HTTP/1.1 ${status} `);
    expect(upstream.count()).toBe(0);
  });

  test("with a length sends its body as it comes, before the rest has come", async () => {
    const both = await front();
    const server = await arrival(
      both,
      "POST /app HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n01234",
    );
    expect(await server.until("01234")).toContain("Content-Length: 10\r\n");
    expect(server.text.match(/content-length/gi)?.length).toBe(1);
    await both.client.send("56789GET /app/next HTTP/1.1\r\nHost: h\r\n\r\n");
    await server.until("0123456789");
    expect(server.text).not.toContain("GET");
    await server.send("HTTP/1.1 204 No Content\r\n\r\n");
    // The connection is kept, and what came behind the body is a request of its own.
    expect(await server.until("GET /next HTTP/1.1\r\n")).toContain("0123456789GET /next");
    expect(both.upstream.count()).toBe(1);
  });

  test("with chunks sends them on, and hides nothing behind them", async () => {
    const both = await front();
    const server = await arrival(
      both,
      "POST /app HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n",
    );
    await server.until("3\r\nabc\r\n");
    await both.client.send(
      "0a\r\n0123456789\r\n0\r\nX-Trailer: 1\r\n\r\nGET /app/2 HTTP/1.1\r\nHost: h\r\n\r\n",
    );
    await server.until("a\r\n0123456789\r\n0\r\n\r\n");
    expect(server.text).toEndWith("0\r\n\r\n");
    expect(linesOf(server.text)).toContain("Transfer-Encoding: chunked");
  });

  test("whose chunks are malformed is refused", async () => {
    const both = await front();
    const server = await arrival(
      both,
      "POST /app HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n",
    );
    await both.client.send("xyz\r\n");
    expect(await both.client.until("</html>")).toStartWith("HTTP/1.1 400 ");
    await server.closed;
  });

  test("in HTTP/1.0 goes out in HTTP/1.1, and its answer comes without chunks", async () => {
    const both = await front();
    const server = await arrival(both, "GET /app HTTP/1.0\r\nExpect: 100-continue\r\n\r\n");
    expect(linesOf(server.text)).toEqual([
      "GET / HTTP/1.1",
      `Host: 127.0.0.1:${both.upstream.port}`,
    ]);
    await server.send(
      `HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 200 OK\r\n${DATE}\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`,
    );
    await both.client.closed;
    expect(both.client.text).toBe(`HTTP/1.1 200 OK\r\n${DATE}\r\nConnection: close\r\n\r\nok`);
  });

  test("that is longer than all buffers stops its client until the server reads", async () => {
    const both = await front();
    const octets = Buffer.alloc(64 * 1024 * 1024, "x");
    const server = await arrival(
      both,
      `POST /app HTTP/1.1\r\nHost: h\r\nContent-Length: ${octets.length}\r\n\r\n`,
    );
    server.socket.pause();
    const sent = both.client.send(octets);
    // What the system and this program hold is a fraction of the body.
    const waiting = await steady(both.port, () => both.client.socket.writableLength);
    expect(waiting).toBeGreaterThan(octets.length / 2);
    server.socket.resume();
    await sent;
    await server.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    expect(await both.client.until("\r\n\r\nok")).toStartWith("HTTP/1.1 200 OK\r\n");
  });
});

/** A connection on which GET /app has arrived. */
async function asked(
  changes?: Parameters<typeof proxyTo>[1],
  options?: Parameters<typeof proxyTo>[2],
  context?: Parameters<typeof frontOf>[2],
) {
  const both = await front(changes, options, {}, context);
  const server = await arrival(both, "GET /app HTTP/1.1\r\nHost: h\r\n\r\n");
  return { ...both, server };
}

describe("an answer", () => {
  test("keeps its fields as written and in order, but those for one connection", async () => {
    const { server, client } = await asked();
    await server.send(
      [
        "HTTP/1.1 299 Fine \u00e9",
        "x-TWO:  b \t",
        "Set-Cookie: a=1",
        DATE,
        "Server: upstream/1",
        "Connection: X-Mine",
        "X-Mine: 1",
        "Keep-Alive: timeout=5",
        "Content-Length: 2",
        "x-two: a",
        "Set-Cookie: b=2",
        "Content-Encoding: gzip",
        "",
        "ok",
      ].join("\r\n"),
    );
    expect(await client.until("\r\n\r\nok")).toBe(
      [
        "HTTP/1.1 299 Fine \u00e9",
        "x-TWO:  b \t",
        "Set-Cookie: a=1",
        DATE,
        "Server: upstream/1",
        "x-two: a",
        "Set-Cookie: b=2",
        "Content-Encoding: gzip",
        "Content-Length: 2",
        "",
        "ok",
      ].join("\r\n"),
    );
  });

  const bodies: [what: string, sent: string, received: string][] = [
    ["of a length", "Content-Length: 2\r\n\r\nok", "Content-Length: 2\r\n\r\nok"],
    ["without octets", "Content-Length: 0\r\n\r\n", "Content-Length: 0\r\n\r\n"],
    [
      "in chunks",
      "Transfer-Encoding: Chunked\r\n\r\n1;x\r\no\r\n01\r\nk\r\n0\r\nX-T: 1\r\n\r\n",
      "Transfer-Encoding: chunked\r\n\r\n1\r\no\r\n1\r\nk\r\n0\r\n\r\n",
    ],
    ["up to the end", "\r\nok", "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"],
  ];
  test.each(bodies)(
    "with a body %s leaves the client's connection open",
    async (_, sent, received) => {
      const { server, client, upstream } = await asked();
      await server.send(`HTTP/1.1 200 OK\r\n${DATE}\r\n${sent}`);
      if (sent.startsWith("\r\n")) server.socket.end();
      const head = `HTTP/1.1 200 OK\r\n${DATE}\r\n${received}`;
      expect(await client.until(head)).toBe(head);
      await client.send("GET /app/2 HTTP/1.1\r\nHost: h\r\n\r\n");
      const next = sent.startsWith("\r\n") ? await upstream.next() : server;
      await next.until("GET /2 ");
    },
  );

  const bodiless: [method: string, head: string, received: string][] = [
    ["HEAD", "200 OK\r\nContent-Length: 9", "200 OK\r\nContent-Length: 9"],
    ["HEAD", "200 OK\r\nTransfer-Encoding: chunked", "200 OK"],
    ["GET", "304 Not Modified\r\nContent-Length: 9", "304 Not Modified\r\nContent-Length: 9"],
    ["GET", "204 No Content\r\nContent-Length: 9", "204 No Content"],
    ["PUT", "204 No Content", "204 No Content"],
  ];
  test.each(bodiless)("to %s with %j has no body", async (method, head, received) => {
    const both = await front();
    const server = await arrival(both, `${method} /app HTTP/1.1\r\nHost: h\r\n\r\n`);
    await server.send(`HTTP/1.1 ${head}\r\n${DATE}\r\n\r\n`);
    await both.client.until("\r\n\r\n");
    expect(both.client.text).toBe(`HTTP/1.1 ${received}\r\n${DATE}\r\n\r\n`);
    await both.client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    await both.client.until('"root"');
  });

  test("whose lines end without CR gets them, as CGI programs need it", async () => {
    const { server, client } = await asked();
    await server.send(`HTTP/1.1 200 OK\n${DATE}\r\nA: 1\n`);
    await server.send("Content-Length: 2\n\nok");
    await client.until("\r\n\r\nok");
    const head = `HTTP/1.1 200 OK\r\n${DATE}\r\nA: 1\r\nContent-Length: 2\r\n\r\nok`;
    expect(client.text).toBe(head);
  });

  test("whose head comes octet by octet is the same", async () => {
    const { server, client } = await asked();
    const answer = `HTTP/1.1 200 OK\r\n${DATE}\r\nContent-Length: 2\r\n\r\nok`;
    for (const octet of answer) await server.send(octet);
    await client.until("\r\n\r\nok");
    expect(client.text).toBe(answer);
  });

  test("without a date gets one", async () => {
    const { server, client } = await asked();
    await server.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    expect(await client.until("\r\n\r\n")).toMatch(/\r\nDate: \w{3}, [^\r]+ GMT\r\n/);
  });

  test("may follow interim ones, which are passed on", async () => {
    const both = await front();
    const server = await arrival(
      both,
      "POST /app HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n",
    );
    await server.send(
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nContent-Length: 2\r\nLink: </a>\r\n\r\n",
    );
    const interim = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
    expect(await both.client.until("Link")).toBe(interim);
    await both.client.send("ok");
    await server.until("\r\n\r\nok");
    await server.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    await both.client.until("HTTP/1.1 200 OK\r\n");
  });

  test("before the end of a long request arrives, and the connection closes after it", async () => {
    const both = await front();
    const server = await arrival(
      both,
      "POST /app HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\nx",
    );
    await server.send(`HTTP/1.1 413 Too Long\r\n${DATE}\r\nContent-Length: 2\r\n\r\nno`);
    await both.client.until("\r\n\r\nno");
    expect(both.client.text).toContain("\r\nConnection: close\r\n\r\nno");
    both.client.socket.end();
    await both.client.closed;
    await server.closed;
  });

  test("is sent as it comes, and stops its server while the client does not read", async () => {
    const { server, client, port } = await asked();
    const octets = Buffer.alloc(64 * 1024 * 1024, "x");
    await server.send(`HTTP/1.1 200 OK\r\nContent-Length: ${octets.length}\r\n\r\n`);
    await client.until("\r\n\r\n");
    client.socket.pause();
    const sent = server.send(octets);
    const waiting = await steady(port, () => server.socket.writableLength);
    expect(waiting).toBeGreaterThan(octets.length / 2);
    let received = 0;
    client.socket
      .removeAllListeners("data")
      .on("data", (chunk: Buffer) => (received += chunk.length));
    client.socket.resume();
    await sent;
    await client.send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    await client.closed;
    expect(received).toBeGreaterThan(octets.length);
  });

  const nasty: [what: string, answer: string, reason: string][] = [
    ["no HTTP", "SSH-2.0-x\r\n\r\n", "its answer has no status line of HTTP/1"],
    ["a status of two digits", "HTTP/1.1 20 OK\r\n\r\n", "its answer has no status line of HTTP/1"],
    [
      "a folded line",
      "HTTP/1.1 200 OK\r\nA: 1\r\n 2\r\n\r\n",
      "a header of its answer is malformed",
    ],
    [
      "CR in a value",
      "HTTP/1.1 200 OK\r\nA: 1\rB: 2\r\n\r\n",
      "a header of its answer is malformed",
    ],
    [
      "two lengths",
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok",
      "its answer has no clear length",
    ],
    [
      "a length of -1",
      "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
      "its answer has no clear length",
    ],
    [
      "a length and a coding",
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n",
      "its answer has a length and a coding",
    ],
    [
      "a coding that was not asked for",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
      "its answer has a transfer coding that was not asked for",
    ],
    [
      "chunks in HTTP/1.0",
      "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "its answer has a transfer coding that was not asked for",
    ],
    [
      "a head without end",
      `HTTP/1.1 200 OK\r\nA: ${"x".repeat(70_000)}`,
      "the head of its answer is too long",
    ],
    [
      "another protocol",
      "HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
      "it switched to a protocol that was not asked for",
    ],
    [
      "another protocol, in HTTP/1.0",
      "HTTP/1.0 101 Switching\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
      "it switched protocols in HTTP/1.0",
    ],
    [
      "interim answers for ever",
      "HTTP/1.1 102 Wait\r\n\r\n".repeat(17),
      "it sent too many interim answers",
    ],
  ];
  test.each(nasty)("with %s is not passed on: 502", async (_, answer, reason) => {
    const { log, logged } = keptLog("warn");
    const { server, client, upstream } = await asked({}, {}, { log });
    await server.send(answer);
    expect(await client.until("</html>\n")).toContain("HTTP/1.1 502 Bad Gateway\r\n");
    expect(client.text).toContain("cannot be reached or gave no valid answer");
    expect(client.text).not.toContain(String(upstream.port));
    const address = `127.0.0.1:${upstream.port}`;
    expect(logged).toEqual([["request not answered by upstream", { upstream: address, reason }]]);
    await server.closed;
  });

  test("that ends before its head is complete is a 502", async () => {
    const { server, client } = await asked();
    await server.send("HTTP/1.1 200 OK\r\nA: 1\r\n");
    server.socket.end();
    await client.until("HTTP/1.1 502 Bad Gateway\r\n");
    await client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    await client.until('"root"');
  });

  const cutOff: [what: string, answer: string][] = [
    ["its length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nok"],
    ["its last chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n"],
  ];
  test.each(cutOff)("that ends before %s is cut off for the client too", async (_, answer) => {
    const { server, client } = await asked();
    await server.send(answer);
    await client.until("ok");
    server.socket.end();
    await client.closed;
    expect(client.text).not.toContain("\r\n0\r\n");
  });

  test("up to the end of its connection is cut off where that is reset", async () => {
    const { server, client } = await asked();
    await server.send("HTTP/1.1 200 OK\r\n\r\nok");
    await client.until("2\r\nok\r\n");
    server.socket.resetAndDestroy();
    await client.closed;
    expect(client.text).toEndWith("2\r\nok\r\n");
  });

  test("with malformed chunks is cut off", async () => {
    const { server, client } = await asked();
    await server.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n");
    await client.until("ok");
    await server.send("2x\r\nno\r\n");
    await client.closed;
    expect(client.text).not.toContain("no\r\n");
  });
});

describe("connections to the upstream server", () => {
  const answer = (text: string) =>
    `HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\n\r\n${text}`;

  test("are kept for safe requests of any client, one after the other", async () => {
    const { server, client, upstream, port } = await asked();
    await server.send(answer("first"));
    await client.until("first");
    const other = dial(port);
    await other.send("HEAD /app/2 HTTP/1.1\r\nHost: h\r\n\r\n");
    await server.until("HEAD /2 ");
    // Meanwhile it is in use.
    await client.send("GET /app/3 HTTP/1.1\r\nHost: h\r\n\r\n");
    await (await upstream.next()).until("GET /3 ");
  });

  test("whose answer a client took slowly are read again for the next request", async () => {
    const { server, client, upstream, port } = await asked();
    client.socket.pause();
    const long = "x".repeat(20_000_000);
    const sent = server.send(answer(long));
    await steady(port, () => server.socket.writableLength);
    client.socket.removeAllListeners("data");
    client.socket.resume();
    await sent;
    const other = dial(port);
    // The answer before has to be passed on whole, so that the connection is kept.
    await steady(port, () => client.socket.bytesRead);
    await other.send("GET /app/2 HTTP/1.1\r\nHost: h\r\n\r\n");
    await server.until("GET /2 ");
    await server.send(answer("second"));
    await other.until("second");
    expect(upstream.count()).toBe(1);
  });

  test("are not used again by requests that must not be sent twice", async () => {
    const { server, client, upstream } = await asked();
    await server.send(answer("first"));
    await client.until("first");
    await client.send("POST /app/2 HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n");
    await (await upstream.next()).until("POST /2 ");
  });

  test("that were closed meanwhile are replaced, and no client notices", async () => {
    const { server, client, upstream } = await asked();
    await server.send(answer("first"));
    await client.until("first");
    await client.send("GET /app/2 HTTP/1.1\r\nHost: h\r\n\r\n");
    await server.until("GET /2 ");
    server.socket.destroy();
    const next = await upstream.next();
    await next.until("GET /2 ");
    await next.send(answer("second"));
    await client.until("second");
  });

  const notKept: [what: string, answer: string][] = [
    [
      "whose server closes",
      "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nfirst",
    ],
    ["in HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nfirst"],
    ["with more than was asked for", `${answer("first")}HTTP/1.1 200 OK\r\n\r\nforged`],
    ["with a body for 204", "HTTP/1.1 204 first\r\nContent-Length: 5\r\n\r\nfirst"],
  ];
  test.each(notKept)("%s are closed", async (_, text) => {
    const { server, client, upstream } = await asked();
    await server.send(text);
    await client.until("first");
    await server.closed;
    await client.send("GET /app/2 HTTP/1.1\r\nHost: h\r\n\r\n");
    await (await upstream.next()).until("GET /2 ");
    expect(client.text).not.toContain("forged");
  });

  test("are closed when the client has gone", async () => {
    const { server, client } = await asked();
    client.socket.resetAndDestroy();
    await server.closed;
  });

  test("are closed when the client goes in the middle of its answer", async () => {
    const { server, client } = await asked();
    await server.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n");
    await client.until("first");
    client.socket.destroy();
    await client.closed;
    let isOpen = true;
    void server.closed.then(() => {
      isOpen = false;
    });
    // Octets behind the end of a connection are what tells that nothing reads them.
    while (isOpen) {
      server.socket.write("4\r\nmore\r\n");
      await new Promise(setImmediate);
    }
  });

  test("stay for a client that has ended its side and waits for its answer", async () => {
    const { server, client } = await asked();
    client.socket.end();
    await server.send(answer("first"));
    await client.until("first");
  });

  test("are as many as max_requests at once, and others get 503", async () => {
    const { server, client, port } = await asked({}, { max_requests: 1 });
    const other = dial(port);
    await other.send("GET /app HTTP/1.1\r\nHost: h\r\n\r\n");
    expect(await other.until("</html>")).toContain("\r\nRetry-After: 1\r\n");
    expect(other.text).toStartWith("HTTP/1.1 503 ");
    await server.send(answer("first"));
    await client.until("first");
    const next = await dial(port).send("GET /app/2 HTTP/1.1\r\nHost: h\r\n\r\n");
    await server.until("GET /2 ");
    await server.send(answer("second"));
    await next.until("second");
  });
});

describe("a deadline", () => {
  const soon = 100;
  const late = { response_timeout: 60_000, idle_timeout: 60_000 };

  async function logging(options: Parameters<typeof proxyTo>[2]) {
    const { log, logged } = keptLog("warn");
    const both = await front({}, { ...late, ...options }, {}, { log });
    return { both, reasons: () => logged.map(([, fields]) => fields?.["reason"]) };
  }

  test("for the begin of an answer ends with 504", async () => {
    const { both, reasons } = await logging({ response_timeout: soon });
    const server = await arrival(both, "GET /app HTTP/1.1\r\nHost: h\r\n\r\n");
    await both.client.until("HTTP/1.1 504 Gateway Timeout\r\n");
    expect(reasons()).toEqual(["its answer did not begin within 100 ms"]);
    await server.closed;
  });

  test("for more of an answer cuts it off", async () => {
    const { both, reasons } = await logging({ idle_timeout: soon });
    const server = await arrival(both, "GET /app HTTP/1.1\r\nHost: h\r\n\r\n");
    await server.send("HTTP/1.1 200 OK\r\n\r\nbegin");
    await both.client.closed;
    expect(both.client.text).toEndWith("\r\n5\r\nbegin\r\n");
    expect(reasons()).toEqual(["its answer did not go on within 100 ms"]);
  });

  test("for more of a request ends with 408, which is no fault of the server", async () => {
    const { both, reasons } = await logging({ idle_timeout: soon });
    const request = "POST /app HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nbegin";
    const server = await arrival(both, request);
    await both.client.until("HTTP/1.1 408 Request Timeout\r\n");
    expect(reasons()).toEqual([]);
    await server.closed;
  });

  test("for a server that does not read a request ends with 504", async () => {
    const { both, reasons } = await logging({ idle_timeout: 1_000 });
    const length = 64 * 1024 * 1024;
    const request = `POST /app HTTP/1.1\r\nHost: h\r\nContent-Length: ${length}\r\n\r\n`;
    const server = await arrival(both, request);
    server.socket.pause();
    both.client.socket.write(Buffer.alloc(length));
    await both.client.until("HTTP/1.1 504 Gateway Timeout\r\n");
    expect(reasons()).toEqual(["it took nothing within 1000 ms"]);
  });

  test("for a connection ends with 504", async () => {
    const { log, logged } = keptLog("warn");
    // The handshake of TLS is not answered.
    const upstream = await rawUpstream();
    const { upstream: tcp, ...config } = proxyTo(upstream.port);
    const port = await frontOf(
      { ...config, upstream: { ...tcp, tls: {}, timeoutMs: soon } },
      {},
      { log },
    );
    const client = await dial(port).send("GET /app HTTP/1.1\r\nHost: h\r\n\r\n");
    await client.until("HTTP/1.1 504 Gateway Timeout\r\n");
    expect(logged.map(([, fields]) => fields?.["reason"])).toEqual([
      "it was not reached within 100 ms",
    ]);
  });
});

test("a server that does not listen is a 502, and its state is logged", async () => {
  const { log, logged } = keptLog("warn");
  const port = await frontOf(proxyTo(1), {}, { log });
  const client = await dial(port).send("GET /app HTTP/1.1\r\nHost: h\r\n\r\n");
  await client.until("HTTP/1.1 502 Bad Gateway\r\n");
  const reason = 'Cannot connect to server at "tcp 127.0.0.1:1": nobody listens there';
  expect(logged).toEqual([
    ["request not answered by upstream", { upstream: "127.0.0.1:1", reason }],
  ]);
});

test("while the worker shuts down a request that waits is answered with 503", async () => {
  const upstream = await rawUpstream();
  const config = { "/": proxyTo(upstream.port) };
  const { listener, port } = await openTransport({
    type: "web",
    id: "web",
    endpoint: anyPort,
    paths: config,
  });
  const client = await dial(port).send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  const server = await upstream.next();
  const closed = listener.close();
  await client.until("HTTP/1.1 503 ");
  await Promise.all([server.closed, closed]);
});

describe("TLS", () => {
  const reach = async (names: string, changes: (files: CertificateConfig) => object) => {
    const folder = temporaryFolder();
    const files = selfSigned(folder, "upstream", { names });
    const server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      tls: { key: Bun.file(files.key), cert: Bun.file(files.certificate) },
      fetch: async (request) =>
        new Response(`${request.headers.get("host")} ${await request.text()}`),
    });
    afterTest(() => server.stop(true));
    const { log, logged } = keptLog("warn");
    const tls = changes(files);
    const port = server.port ?? 0;
    const endpoint = { type: "tcp" as const, host: "127.0.0.1", port, timeoutMs: 5_000, tls };
    const front = await frontOf(
      proxyTo(port, { upstream: { ...endpoint, isWebServer: true } }),
      {},
      { log },
    );
    const body = "x".repeat(300_000);
    const answer = await fetch(`http://127.0.0.1:${front}/app`, { method: "POST", body });
    const text = await answer.text();
    const reasons = logged.map(([, fields]) => fields?.["reason"]);
    return { status: answer.status, isWhole: text === `127.0.0.1:${port} ${body}`, reasons };
  };

  test.if(hasOpenssl)("reaches a server whose certificate is trusted", async () => {
    const trusting = ({ certificate }: CertificateConfig) => ({ ca_certificates: [certificate] });
    const found = await reach(THIS_MACHINE, trusting);
    expect(found).toEqual({ status: 200, isWhole: true, reasons: [] });
  });

  test.if(hasOpenssl)(
    "refuses a certificate that is not trusted, or for another name",
    async () => {
      const untrusted = await reach(THIS_MACHINE, () => ({}));
      expect([untrusted.status, untrusted.reasons[0]]).toEqual([
        502,
        expect.stringContaining("its certificate is not trusted"),
      ]);
      const trusting = ({ certificate }: CertificateConfig) => ({ ca_certificates: [certificate] });
      const other = await reach("DNS:other.example", trusting);
      expect([other.status, other.reasons[0]]).toEqual([
        502,
        expect.stringContaining("its certificate is for another name"),
      ]);
    },
  );
});

describe("a WebSocket", () => {
  const handshake = upgradeRequest("/app/ws?x=1", "Sec-WebSocket-Extensions: x");
  const accepted =
    "HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: abc\r\nContent-Length: 0\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n\r\n";

  test("passes through, octets of both sides in any order", async () => {
    const both = await front();
    const server = await arrival(both, `${handshake}early`);
    expect(linesOf(server.text)).toEqual([
      "GET /ws?x=1 HTTP/1.1",
      `Host: 127.0.0.1:${both.upstream.port}`,
      "Sec-WebSocket-Extensions: x",
      "Sec-WebSocket-Version: 13",
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
      "Sec-WebSocket-Protocol: wamp.2.cbor",
      "Connection: Upgrade",
      "Upgrade: websocket",
    ]);
    expect(server.text).toEndWith("\r\n\r\n");
    await server.send(`${accepted}hello`);
    await both.client.until("hello");
    expect(both.client.text).toBe(
      "HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: abc\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhello",
    );
    await server.until("\r\n\r\nearly");
    await both.client.send("more");
    await server.until("earlymore");
    const ended = new Promise<void>((resolve) => server.socket.once("end", resolve));
    both.client.socket.end();
    await ended;
    await server.send("bye");
    server.socket.end();
    expect(await both.client.whole()).toEndWith("hellobye");
  });

  test("ends for the client when its server has gone", async () => {
    const both = await front();
    const server = await arrival(both, handshake);
    await server.send(`${accepted}last`);
    server.socket.end();
    expect(await both.client.whole()).toEndWith("last");
  });

  test("whose server does not read is cut off after idle_timeout", async () => {
    const { log, logged } = keptLog("warn");
    const both = await front({}, { idle_timeout: 1_000 }, {}, { log });
    const server = await arrival(both, handshake);
    await server.send(accepted);
    await both.client.until("\r\n\r\n");
    server.socket.pause();
    both.client.socket.write(Buffer.alloc(64 * 1024 * 1024));
    await both.client.closed;
    expect(logged.map(([, fields]) => fields?.["reason"])).toEqual([
      "it took nothing within 1000 ms",
    ]);
  });

  test("that the server refuses is an answer like any other", async () => {
    const both = await front();
    const server = await arrival(both, handshake);
    await server.send(`HTTP/1.1 403 No\r\n${DATE}\r\nContent-Length: 2\r\n\r\nno`);
    await both.client.until("\r\n\r\nno");
    await both.client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    await both.client.until('"root"');
  });

  test("that the server refuses slowly is followed by the next request", async () => {
    const both = await front();
    const server = await arrival(both, handshake);
    await server.send(`HTTP/1.1 403 No\r\n${DATE}\r\nContent-Length: 2\r\n\r\nn`);
    await both.client.until("\r\n\r\nn");
    await both.client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    // Another request shows that the one before was read.
    await (await fetch(`http://127.0.0.1:${both.port}/`)).text();
    await server.send("o");
    await both.client.until('"root"');
  });

  test("that a server demands with 426 is demanded of the client too", async () => {
    const { server, client } = await asked();
    await server.send("HTTP/1.1 426 Upgrade\r\nUpgrade: websocket\r\nContent-Length: 0\r\n\r\n");
    expect(await client.until("\r\n\r\n")).toContain(
      "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n",
    );
  });

  const others: [what: string, request: string][] = [
    [
      "h2c",
      "GET /app HTTP/1.1\r\nHost: h\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\n\r\n",
    ],
    [
      "a choice",
      "GET /app HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: h2c, websocket\r\n\r\n",
    ],
    [
      "a POST",
      "POST /app HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
    ],
    ["no Connection", "GET /app HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\n\r\n"],
  ];
  test.each(others)("is the only upgrade: %s is not passed on", async (_, request) => {
    const both = await front();
    const server = await arrival(both, request);
    expect(server.text).not.toMatch(/upgrade|http2-settings/i);
  });

  test("to a real server works with a real client, in both directions", async () => {
    const server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: (request, self) => (self.upgrade(request) ? undefined : new Response("no")),
      websocket: {
        message: (socket, message) => void socket.send(message),
        open: (socket) => void socket.send("welcome"),
      },
    });
    afterTest(() => server.stop(true));
    const port = await frontOf(proxyTo(server.port ?? 0));
    const socket = new WebSocket(`ws://127.0.0.1:${port}/app`);
    afterTest(() => socket.terminate());
    const received: unknown[] = [];
    const long = "x".repeat(1_000_000);
    await new Promise<void>((resolve) => {
      socket.onmessage = ({ data }) => {
        received.push(data);
        if (data === "welcome") socket.send(long);
        if (data === long) socket.close(4001, "done");
      };
      socket.onclose = () => resolve();
    });
    expect(received).toEqual(["welcome", long]);
  });
});

describe("where a request came from", () => {
  /** The headers that say so, for a request with these. */
  async function told(
    headers: string[],
    trusted?: string[],
    changes: Parameters<typeof proxyTo>[1] = {},
  ): Promise<string[]> {
    const both = await front(changes, {}, trusted ? { trusted_proxies: trusted } : {});
    const server = await arrival(both, ["GET /app HTTP/1.1", ...headers, "", ""].join("\r\n"));
    return server.text.split("\r\n").filter((line) => /forwarded|x.real/i.test(line));
  }

  test("is said of the connection, whatever the client says", async () => {
    const claims = [
      "X-Forwarded-For: 1.2.3.4",
      "X_Forwarded_For: 1.2.3.4",
      "x-real-ip: 1.2.3.4",
      "Forwarded: for=1.2.3.4",
      "X-Forwarded-Proto: https",
      "X-Forwarded-User: root",
    ];
    expect(await told(["Host: shop.example:8443", ...claims])).toEqual([
      "X-Forwarded-For: 127.0.0.1",
      "X-Real-IP: 127.0.0.1",
      "X-Forwarded-Host: shop.example:8443",
      "X-Forwarded-Port: 8443",
      "X-Forwarded-Proto: http",
      'Forwarded: for=127.0.0.1;host="shop.example:8443";proto=http',
    ]);
  });

  test("names the host of an absolute target, for which Host is ignored", async () => {
    const both = await front();
    const request = "GET http://shop.example:81/app HTTP/1.1\r\nHost: h\r\n\r\n";
    const server = await arrival(both, request);
    expect(server.text).toContain("\r\nX-Forwarded-Host: shop.example:81\r\n");
    expect(server.text).toContain(';host="shop.example:81";');
  });

  test("is what is configured in place of what is found out", async () => {
    const changes = { forwarded_port: 8443, forwarded_proto: "https" as const };
    expect(await told(["Host: shop.example"], undefined, changes)).toEqual([
      "X-Forwarded-For: 127.0.0.1",
      "X-Real-IP: 127.0.0.1",
      "X-Forwarded-Host: shop.example",
      "X-Forwarded-Port: 8443",
      "X-Forwarded-Proto: https",
      "Forwarded: for=127.0.0.1;host=shop.example;proto=https",
    ]);
  });

  test("is kept as a trusted proxy says it, without what its client claimed before", async () => {
    const said = [
      "X-Forwarded-For: 6.6.6.6, 203.0.113.7, 10.0.0.2",
      "X-Forwarded-Proto: https",
      "X-Forwarded-Host: shop.example",
      "X-Forwarded-Prefix: /shop",
      "X_Forwarded_Prefix: /forged",
    ];
    expect(await told(["Host: inner", ...said], ["127.0.0.1", "10.0.0.0/8"])).toEqual([
      "X-Forwarded-Prefix: /shop",
      "X-Forwarded-For: 203.0.113.7, 10.0.0.2, 127.0.0.1",
      "X-Real-IP: 203.0.113.7",
      "X-Forwarded-Host: shop.example",
      "X-Forwarded-Port: 443",
      "X-Forwarded-Proto: https",
      "Forwarded: for=203.0.113.7;host=shop.example;proto=https, for=10.0.0.2, for=127.0.0.1",
    ]);
  });

  test("is read out of Forwarded where that is the only header", async () => {
    const said = [
      'Forwarded: for="[2001:db8::7]:4711";proto=https;host="shop.example:444", for=10.0.0.2',
    ];
    expect(await told(["Host: inner", ...said], ["127.0.0.1", "10.0.0.0/8"])).toEqual([
      "X-Forwarded-For: 2001:db8::7, 10.0.0.2, 127.0.0.1",
      "X-Real-IP: 2001:db8::7",
      "X-Forwarded-Host: shop.example:444",
      "X-Forwarded-Port: 444",
      "X-Forwarded-Proto: https",
      'Forwarded: for="[2001:db8::7]";host="shop.example:444";proto=https, for=10.0.0.2, for=127.0.0.1',
    ]);
  });

  test("is not read out of a quoted value of Forwarded", async () => {
    const said = ['Forwarded: for=203.0.113.7;host="a;proto=https,b;proto=https";proto=http'];
    const lines = await told(["Host: inner", ...said], ["127.0.0.1"]);
    expect(lines).toContain("X-Forwarded-Proto: http");
  });

  test("is not read out of Forwarded beside X-Forwarded-For", async () => {
    const said = [
      "X-Forwarded-For: 203.0.113.7",
      "Forwarded: for=203.0.113.7;proto=https;host=forged",
    ];
    expect(await told(["Host: inner", ...said], ["127.0.0.1"])).toEqual([
      "X-Forwarded-For: 203.0.113.7, 127.0.0.1",
      "X-Real-IP: 203.0.113.7",
      "X-Forwarded-Host: inner",
      "X-Forwarded-Port: 80",
      "X-Forwarded-Proto: http",
      "Forwarded: for=203.0.113.7;host=inner;proto=http, for=127.0.0.1",
    ]);
  });

  test("is not believed of a trusted proxy whose two headers differ", async () => {
    const said = ["X-Forwarded-For: 203.0.113.7", "Forwarded: for=6.6.6.6;proto=https"];
    const [first] = await told(["Host: inner", ...said], ["127.0.0.1"]);
    expect(first).toBe("X-Forwarded-For: 127.0.0.1");
  });
});
