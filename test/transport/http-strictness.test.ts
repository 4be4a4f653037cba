/** Requests as octets, for no client would send most of these. */

import { describe, expect, test } from "bun:test";
import { connect } from "node:net";
import type { TransportConfig } from "#config/transport/transport-config.ts";
import { openNodePage } from "../support/node-page-service.ts";
import { rawHttp } from "../support/raw-http.ts";
import { anyPort, openTransport, webSocketTransport } from "../support/transports.ts";

const origins = { allowed_origins: ["https://good.example"], allow_null_origin: false };
const config: TransportConfig = {
  type: "web",
  id: "transport",
  endpoint: anyPort,
  paths: {
    "/": openNodePage,
    ws: webSocketTransport(origins, { serializers: ["json"] }),
  },
};

/** Sends octets; gives all that comes back until the server closes. */
async function ask(request: string): Promise<string> {
  const { port } = await openTransport(config);
  const socket = connect({ port, host: "127.0.0.1" });
  let answer = "";
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  socket.on("data", (octets) => {
    answer += octets.toString("latin1");
  });
  // Closing while octets are still on their way here resets the connection.
  socket.on("error", () => {});
  socket.write(Buffer.from(request, "latin1"));
  await closed;
  return answer;
}

/** The status of every answer. */
async function statusesOf(request: string): Promise<number[]> {
  const answers = (await ask(request)).matchAll(/^HTTP\/1\.1 (\d{3}) /gm);
  return [...answers].map(([, status]) => Number(status));
}

const get = (...headers: string[]) =>
  ["GET / HTTP/1.1", "Host: a", ...headers, "Connection: close", "\r\n"].join("\r\n");
const post = (body: string, ...headers: string[]) => get(...headers).replace("GET", "POST") + body;
const smuggled = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

test("a request that is in order is answered, and names no server", async () => {
  const answer = await ask(get());
  expect(answer).toStartWith("HTTP/1.1 200 OK\r\n");
  expect(answer).not.toMatch(/^(server|x-powered-by|via):/im);
  expect(answer.split("\r\n\r\n")[0]).not.toMatch(/bun|crossproxy|crossbar/i);
});

test.each([
  ["a page that is missing", "GET /%zz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"],
  ["a fault in the request", get("Nonsense")],
  ["a wrong method", post("")],
  ["a page that is a WebSocket", get().replace(" / ", " /ws ")],
])("the answer for %s names no server", async (_, request) => {
  const [head = ""] = (await ask(request)).split("\r\n\r\n");
  expect(head).toStartWith("HTTP/1.1 ");
  expect(head).not.toMatch(/^server:|bun|crossproxy|crossbar/im);
});

describe("400 is answered, once, to", () => {
  test.each([
    ["two Host headers", get("Host: b")],
    ["two equal Host headers", get("Host: a")],
    ["no Host header", "GET / HTTP/1.1\r\nConnection: close\r\n\r\n"],
    ["a Host that is none", "GET / HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n"],
    ["length and coding", post(smuggled, "Content-Length: 5", "Transfer-Encoding: chunked")],
    ["coding and length", post(smuggled, "Transfer-Encoding: chunked", "Content-Length: 5")],
    ["two lengths", post(smuggled, "Content-Length: 1", "Content-Length: 5")],
    ["a list of lengths", post(smuggled, "Content-Length: 5, 5")],
    ["a length with a sign", post("abcde", "Content-Length: +5")],
    ["a negative length", post("abcde", "Content-Length: -5")],
    ["another coding", post("0\r\n\r\n", "Transfer-Encoding: xchunked")],
    ["a coding after chunked", post("0\r\n\r\n", "Transfer-Encoding: chunked, gzip")],
    ["a no-break space before the coding", post(smuggled, "Transfer-Encoding:\xa0chunked")],
    ["a no-break space after the length", post(smuggled, "Content-Length: 5\xa0")],
    ["a target of another scheme", get().replace(" / ", " ftp://a/ ")],
    ["a target without slashes", get().replace(" / ", " a:ws ")],
    ["a backslash in the path", get().replace(" / ", " /a\\..\\ws ")],
    ["a trailer with CR", post("0\r\na: b\rc\r\n\r\n", "Transfer-Encoding: chunked")],
    ["NUL in a value", get("X: a\0b")],
    ["NUL in a name", get("X\0: a")],
    ["CR in a value", get("X: a\rb")],
    ["a control character", get("X: a\x01b")],
    ["a header without colon", get("Nonsense")],
    ["a space before the colon", get("X : a")],
    ["a header without name", get(": a")],
    ["a folded header", get("X: a", " b")],
    ["NUL in the path", get().replace(" / ", " /%00 ")],
    ["an encoded slash", get().replace(" / ", " /a%2fb ")],
  ])("%s", async (_, request) => {
    expect(await statusesOf(request)).toEqual([400]);
  });
});

test.each([
  ["GET /", "its first line is none of HTTP/1.0 or 1.1"],
  [get().replace(" / ", " ftp://a/ "), "its target is neither a path nor a URL with http or https"],
  [get("Nonsense"), "one of its header fields is malformed"],
  [get("Content-Length: x"), "its header fields do not say clearly how long its body is"],
  [get("Host: b"), "it does not have one header field Host with the name of a host"],
  [get(`X: ${"x".repeat(16_384)}`), "its head has more than 16384 octets or 198 fields"],
  [get().replace("GET", "FOO"), "HTTP has no such method"],
])("the answer to %p says what is wrong with it", async (request, state) => {
  const answer = await ask(`${request}\r\n`);
  expect(answer).toMatch(/^Content-Type: text\/plain; charset=utf-8\r$/m);
  expect(answer).toEndWith(`\r\n\r\nCannot read the request: ${state}\n`);
});

test.each([
  [get().replace(" / ", " /%zz "), "malformed percent-encoding, NUL, a backslash, or"],
  [post("x".repeat(65_537), "Content-Length: 65537"), "it is longer than 65536 octets"],
  [post("x\r\n", "Transfer-Encoding: chunked"), "its chunks are malformed"],
  [get().replace(" / ", " /?format=xml "), "Its format is neither html nor json"],
])("the page for %p says what is wrong with it", async (request, state) => {
  const answer = await ask(request);
  expect(answer).toMatch(/^Content-Type: text\/html; charset=utf-8\r$/m);
  expect(answer).toContain(state);
});

test("headers are limited to 16 KiB and to 198", async () => {
  const filled = (octets: number) => {
    const empty = get("X: ");
    return empty.replace("X: ", `X: ${"x".repeat(octets - empty.length)}`);
  };
  expect(await statusesOf(filled(16_384))).toEqual([200]);
  expect(await statusesOf(filled(16_385))).toEqual([431]);
  const many = (count: number) => get(...Array.from({ length: count }, (_, n) => `X${n}: a`));
  expect(await statusesOf(many(196))).toEqual([200]);
  expect(await statusesOf(many(197))).toEqual([431]);
});

test("bodies are limited to 64 KiB", async () => {
  const body = (octets: number) => post("x".repeat(octets), `Content-Length: ${octets}`);
  expect(await statusesOf(body(65_536))).toEqual([405]);
  expect(await statusesOf(body(65_537))).toEqual([413]);
});

test("a request of HTTP/1.0 needs no Host header, be it the first or not", async () => {
  expect(await statusesOf("GET / HTTP/1.0\r\n\r\n")).toEqual([200]);
  expect(await statusesOf("GET //a/b HTTP/1.0\r\n\r\n")).toEqual([404]);
  expect(await statusesOf("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.0\r\n\r\n")).toEqual([
    200, 200,
  ]);
});

test.each(["FOO", "get", "G", "M_1"])(
  "the unknown method %s is answered with 501",
  async (name) => {
    expect(await statusesOf(get().replace("GET", name))).toEqual([501]);
    expect(await statusesOf(`${name} / HTTP/1.1\r\nHost: a\r\n`)).toEqual([501]);
  },
);

test.each(["M-SEARCH", "PROPFIND", "TRACE", "CONNECT"])("%s is answered with 405", async (name) => {
  expect(await statusesOf(get().replace("GET", name))).toEqual([405]);
});

test("an empty line before the next request is ignored", async () => {
  const first = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  expect(await statusesOf(`${first}\r\n${first}\r\n\r\n${get()}`)).toEqual([200, 200, 200]);
});

test("a client that expects 100 Continue is answered before its body, which nothing would read", async () => {
  const head = post("", "Content-Length: 5", "Expect: 100-continue");
  expect(await statusesOf(head)).toEqual([405]);
});

test("a burst of requests is answered whole, though it takes several turns", async () => {
  const burst = "GET / HTTP/1.1\r\nHost: a\r\n\r\n".repeat(1500);
  const { port } = await openTransport(config);
  const answers = await rawHttp(port, burst, get());
  expect(answers.map(({ status }) => status)).toEqual(Array(1501).fill(200));
});

test("more than 64 KiB of requests in one burst end the connection", async () => {
  const burst = "GET / HTTP/1.1\r\nHost: a\r\n\r\n".repeat(3000);
  const answer = await ask(burst);
  expect(answer).toMatch(/^HTTP\/1.1 200 OK\r\n(.+\r\n)*Connection: close\r\n/);
  expect(answer.match(/^HTTP/gm)?.length).toBeLessThan(3000);
});

test("other versions of HTTP are refused", async () => {
  for (const version of ["HTTP/2.0", "HTTP/1.2", "HTTP/0.9"]) {
    expect([version, ...(await statusesOf(get().replace("HTTP/1.1", version)))]).toEqual([
      version,
      400,
    ]);
  }
  expect(await statusesOf("GET /\r\n\r\n")).toEqual([400]);
});

const upgrade = (...headers: string[]) =>
  [
    "GET /ws HTTP/1.1",
    "Connection: Upgrade, close",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Protocol: wamp.2.json",
    ...headers,
    "\r\n",
  ].join("\r\n");
/** A close frame with the mask 00000000: ends a WebSocket, should there be one. */
const closeFrame = "\x88\x80\0\0\0\0";

test("a WebSocket handshake that is in order is taken, whatever host it names", async () => {
  for (const host of ["a", "a:80", "[::1]:8080", "a_b.example:", "1.2.3.4"]) {
    expect(await statusesOf(upgrade(`Host: ${host}`) + closeFrame)).toEqual([101]);
  }
  expect(await statusesOf(upgrade("Host: a", "Content-Length: 0") + closeFrame)).toEqual([101]);
});

describe("no WebSocket handshake has", () => {
  test.each<[string, string, number]>([
    ["two Host headers", upgrade("Host: a", "Host: b"), 400],
    ["a Host that is none", upgrade("Host: a/b"), 400],
    ["a body by length", upgrade("Host: a", "Content-Length: 6"), 400],
    ["a body in chunks", upgrade("Host: a", "Transfer-Encoding: chunked"), 400],
    ["a bare LF at the end of a line", upgrade("Host: a", "X: a\n"), 400],
    ["a bare CR at the end of a line", upgrade("Host: a", "X: a\r"), 400],
    ["a control character", upgrade("Host: a", "X: \x0ba"), 400],
    ["HTTP/1.0", upgrade("Host: a").replace("HTTP/1.1", "HTTP/1.0"), 400],
    ["too many headers", upgrade("Host: a", ...Array(200).fill("X: a")), 431],
  ])("%s", async (_, request, status) => {
    const [first] = await statusesOf(request + closeFrame);
    expect(first).toBe(status);
  });
});

test("an origin that may not connect is answered with 403", async () => {
  const from = (origin: string) => upgrade("Host: a", `Origin: ${origin}`);
  for (const origin of ["https://evil.example", "https://good.example.evil", "null"]) {
    expect(await statusesOf(from(origin))).toEqual([403]);
  }
});
