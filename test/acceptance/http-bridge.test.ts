/** HTTP requests that become calls and publications, through the built binary. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createHmac } from "node:crypto";
import { Agent, request } from "node:http";
import { connect } from "node:net";
import { resolve } from "node:path";
import { hasOpenssl, selfSigned } from "../support/certificates.ts";
import { startCrossbar } from "../support/crossbar-router.ts";
import { blocksOf, nodeOf } from "../support/documents.ts";
import { errorStatusRows } from "../support/error-status-rows.ts";
import { post, rawHttp } from "../support/raw-http.ts";
import { type Behaviour, scriptedCallee } from "../support/scripted-callee.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { freePorts, startNode, type TemporaryNode } from "../support/temporary-node.ts";
import { titled } from "../support/titles.ts";
import { hasPython, joinAutobahn, PYTHON } from "../support/wamp-clients.ts";
import { webAt, webProxy, webRouter } from "../support/web-workers.ts";

const guide = await Bun.file(resolve(import.meta.dir, "../../docs/http-bridge.md")).text();
const [proxyPort = 0, routerPort = 0, crossbarPort = 0] = freePorts(3);

const bridge = (type: string, options: object = {}) => ({
  type,
  realm: "realm1",
  role: "anonymous",
  options,
});
const paths = {
  ws: { type: "websocket", auth: { anonymous: { type: "static", role: "anonymous" } } },
  page: { type: "json", value: "a page" },
  call: bridge("caller", { call_timeout: 5000 }),
  quick: bridge("caller", { call_timeout: 200 }),
  anew: bridge("caller", { idempotency_key_lifetime: 0 }),
  codes: bridge("caller", { error_status_codes: true }),
  publish: bridge("publisher"),
  signed: bridge("caller", { key: "key1", secret: "topsecret" }),
  small: bridge("caller", { post_body_limit: 100 }),
  tls: bridge("caller", { require_tls: true }),
  away: bridge("caller", { require_ip: ["192.0.2.0/24", "2001:db8::/32"] }),
  near: bridge("caller", { require_ip: ["127.0.0.0/8"] }),
  nobody: { ...bridge("caller"), role: "nobody" },
};
const proxyTo = (path: string, port: number) => webProxy(webAt(port, paths), path);
const routerAt = (port: number) => webRouter(webAt(port, paths));
const node = { version: 2, workers: [routerAt(routerPort), proxyTo("router.sock", proxyPort)] };

let calls = 0;
const procedures: Record<string, Behaviour> = {
  "com.example.count": () => {
    calls += 1;
    return { result: [[calls]] };
  },
  "com.example.echo": (args, kwargs) => ({ result: [args, kwargs] }),
  "com.example.list": (args) => ({ result: [[args]] }),
  "com.example.nothing": () => ({ result: [] }),
  "com.example.fails": () => ({
    error: ["com.example.error.sad", ["so", 2n ** 60n], { why: "because" }],
  }),
  "com.example.raises": ([uri]) => ({ error: [uri, [], { from: "the callee" }] }),
  "com.example.never": () => null,
};

/** One request on a connection of its own. */
async function ask(port: number, path: string, body: unknown, headers = {}) {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const [answer] = await rawHttp(port, post(path, text, headers));
  if (answer === undefined) throw new Error("no answer");
  return answer;
}

const denied = (sentence: string) => ({
  error: expect.stringContaining(sentence),
  args: [],
  kwargs: {},
});

function promises(port: number) {
  const url = `ws://127.0.0.1:${port}/ws`;
  let callee: Awaited<ReturnType<typeof scriptedCallee>>;
  beforeAll(async () => {
    callee = await scriptedCallee(url, "msgpack", procedures, ["com.example.topic"]);
  });
  afterAll(() => callee.leave());

  test("calls a procedure of a real client and answers its result", async () => {
    const client = await joinAutobahn(url, "json");
    await client.registerEcho("com.example.autobahn");
    const { status, headers, body } = await ask(port, "/call", {
      procedure: "com.example.autobahn",
      args: ["Grüße 👋", { a: [1.5, true, null] }],
    });
    expect([status, JSON.parse(body)]).toEqual([
      200,
      { args: [["Grüße 👋", { a: [1.5, true, null] }]] },
    ]);
    expect(headers.get("content-type")).toBe("application/json; charset=UTF-8");
    expect(headers.get("cache-control")).toContain("no-store");
    await client.leave();
  });

  test.each([
    ["arguments and keyword arguments", '"args":[1],"kwargs":{"a":2}'],
    ["integers beyond what a double holds", '"args":[1152921504606846977,-9007199254740993]'],
    ["floats", '"args":[0.1,-2.5,1.5e-7,1.7976931348623157e+308]'],
    ["keyword arguments alone", '"kwargs":{"big":18446744073709551615}'],
  ])("carries %s exactly", async (_what, given) => {
    const { status, body } = await ask(port, "/call", `{"procedure":"com.example.echo",${given}}`);
    expect([status, body]).toEqual([200, `{${given}}`]);
  });

  test("answers null for a procedure that returns nothing, as Crossbar does", async () => {
    const { status, body } = await ask(port, "/call", { procedure: "com.example.nothing" });
    expect([status, body]).toEqual([200, '{"args":[null]}']);
  });

  test("answers an ERROR of the callee with 200, as Crossbar does", async () => {
    const { status, body } = await ask(port, "/call", { procedure: "com.example.fails" });
    expect(status).toBe(200);
    expect(body).toBe(
      '{"error":"com.example.error.sad","args":["so",1152921504606846976],"kwargs":{"why":"because"}}',
    );
    const missing = await ask(port, "/call", { procedure: "com.example.missing" });
    expect([missing.status, JSON.parse(missing.body).error]).toEqual([
      200,
      "wamp.error.no_such_procedure",
    ]);
  });

  test("answers an ERROR with its status where error_status_codes asks for it", async () => {
    const raised = async (path: string, uri: string) => {
      const { status, body } = await ask(port, path, {
        procedure: "com.example.raises",
        args: [uri],
      });
      expect(body).toBe(`{"error":"${uri}","args":[],"kwargs":{"from":"the callee"}}`);
      return status;
    };
    for (const [uri, status] of [
      ...errorStatusRows(guide),
      ["com.example.error.sad", 500] as const,
    ]) {
      expect([uri, await raised("/codes", uri), await raised("/call", uri)]).toEqual([
        uri,
        status,
        200,
      ]);
    }
    const missing = await ask(port, "/codes", { procedure: "com.example.missing" });
    expect([missing.status, JSON.parse(missing.body).error]).toEqual([
      404,
      "wamp.error.no_such_procedure",
    ]);
    const found = await ask(port, "/codes", { procedure: "com.example.nothing" });
    expect([found.status, found.body]).toEqual([200, '{"args":[null]}']);
  });

  test("publishes, and answers the id of the publication", async () => {
    const body =
      '{"topic":"com.example.topic","args":[1152921504606846977],"kwargs":{"k":1},"options":{"exclude":[1,-1,1152921504606846977]}}';
    const { status, body: answer } = await ask(port, "/publish", body);
    expect(status).toBe(200);
    const event = await callee.next();
    expect(event).toEqual([
      36,
      expect.any(Number),
      JSON.parse(answer).id,
      expect.any(Object),
      [1152921504606846977n],
      { k: 1 },
    ]);
  });

  test("cancels a call that is not answered in time, and answers 504", async () => {
    const asking = ask(port, "/quick", { procedure: "com.example.never" });
    const [type, id] = await callee.next();
    expect(type).toBe(68);
    const { status, body } = await asking;
    expect([status, JSON.parse(body).error]).toEqual([504, "wamp.error.timeout"]);
    expect((await callee.next()).slice(0, 2)).toEqual([69, id]);
  });

  test("cancels the call of a client that leaves", async () => {
    const body = JSON.stringify({ procedure: "com.example.never" });
    const socket = await Bun.connect({ hostname: "127.0.0.1", port, socket: { data() {} } });
    socket.write(post("/call", body));
    const [, id] = await callee.next();
    socket.terminate();
    expect((await callee.next()).slice(0, 2)).toEqual([69, id]);
  });

  const keyed = (key: string) => ({ "Idempotency-Key": `"${key}"` });

  test("calls once for the requests with one Idempotency-Key", async () => {
    const count = { procedure: "com.example.count" };
    const first = await ask(port, "/call", count, keyed("k1"));
    expect([first.status, first.body]).toEqual([200, `{"args":[${calls}]}`]);
    const again = await ask(port, "/call", count, {
      "Idempotency-Key": "k1",
      Origin: "https://a.b",
    });
    expect([again.status, again.body]).toEqual([200, first.body]);
    expect(again.headers.get("access-control-allow-origin")).toBe("https://a.b");
    const other = await ask(port, "/call", { ...count, args: [1] }, keyed("k1"));
    expect([other.status, JSON.parse(other.body)]).toEqual([422, denied("with another body")]);
    for (const path of ["/near", "/anew", "/anew"]) {
      const before = calls;
      expect((await ask(port, path, count, keyed("k1"))).status).toBe(200);
      expect([path, calls]).toEqual([path, before + 1]);
    }
    const fields = { "Idempotency-Key": '"a", "b"' };
    const malformed = await ask(port, "/call", count, fields);
    expect([malformed.status, JSON.parse(malformed.body)]).toEqual([
      400,
      denied("Idempotency-Key"),
    ]);
    expect((await ask(port, "/anew", count, fields)).status).toBe(200);
  });

  test("publishes once for the requests with one Idempotency-Key", async () => {
    const publish = (args: number[], key: string) =>
      ask(port, "/publish", { topic: "com.example.topic", args }, keyed(key));
    const first = await publish([1], "p1");
    expect((await publish([1], "p1")).body).toBe(first.body);
    await publish([2], "p2");
    expect([(await callee.next())[4], (await callee.next())[4]]).toEqual([[1], [2]]);
  });

  test("answers a client that comes back with the same Idempotency-Key during its call", async () => {
    const never = { procedure: "com.example.never" };
    const socket = await Bun.connect({ hostname: "127.0.0.1", port, socket: { data() {} } });
    socket.write(post("/quick", JSON.stringify(never), keyed("n1")));
    const [, id] = await callee.next();
    socket.terminate();
    const statuses = [
      (await ask(port, "/quick", never, keyed("n1"))).status,
      (await ask(port, "/quick", never, keyed("n1"))).status,
    ];
    expect(statuses).toEqual([504, 504]);
    expect((await callee.next()).slice(0, 2)).toEqual([69, id]);
    const next = ask(port, "/quick", never, keyed("n2"));
    expect((await callee.next())[0]).toBe(68);
    expect((await next).status).toBe(504);
    expect((await callee.next())[0]).toBe(69);
  });

  test("takes a body in chunks, and one that is announced first", async () => {
    const body = '{"procedure":"com.example.list","args":[1]}';
    const chunked = { "Transfer-Encoding": "chunked", "Content-Length": "" };
    const head = post("/call", "", chunked).replace("Content-Length: \r\n", "");
    const halves = [body.slice(0, 7), body.slice(7)];
    const chunks = halves.map((half) => `${half.length.toString(16)};x=y\r\n${half}\r\n`);
    const [answer] = await rawHttp(port, head, ...chunks, "0\r\nTrailer: no\r\n\r\n");
    expect(answer).toMatchObject({ status: 200, body: '{"args":[[1]]}' });
    const expecting = await rawHttp(port, post("/call", body, { Expect: "100-continue" }));
    expect(expecting.map(({ status }) => status)).toEqual([100, 200]);
  });

  test("answers requests that come at once in their order, and goes on to another service", async () => {
    const call = (number: number, connection = "keep-alive") => {
      const body = `{"procedure":"com.example.list","args":[${number}]}`;
      return post("/call", body, { Connection: connection });
    };
    const options = "OPTIONS /call HTTP/1.1\r\nHost: localhost\r\n\r\n";
    const page = "GET /page HTTP/1.1\r\nHost: localhost\r\n\r\n";
    const requests = [call(1), options, call(2), options, options, page, call(3, "close")];
    const answers = await rawHttp(port, ...requests);
    expect(answers.map(({ status, body }) => [status, body])).toEqual([
      [200, '{"args":[[1]]}'],
      [200, ""],
      [200, '{"args":[[2]]}'],
      [200, ""],
      [200, ""],
      [200, '"a page"'],
      [200, '{"args":[[3]]}'],
    ]);
    const closing = answers.map(({ headers }) => headers.get("connection") === "close");
    expect(closing).toEqual([false, false, false, false, false, false, true]);
    const last = await rawHttp(port, call(1), call(2, "close"), call(3));
    expect(last.map(({ body }) => body)).toEqual(['{"args":[[1]]}', '{"args":[[2]]}']);
  });

  test("answers what a client sent before it ended its side", async () => {
    const call = post("/call", '{"procedure":"com.example.list","args":[1]}', { Connection: "" });
    const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    socket.end(call + call);
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk as Buffer);
    expect(
      Buffer.concat(chunks)
        .toString()
        .match(/\{"args":\[\[1\]\]\}/g),
    ).toHaveLength(2);
  });

  test("takes one request after the other on a connection", async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const ports = new Set<number | undefined>();
    for (let number = 0; number < 5; number++) {
      const body = `{"procedure":"com.example.list","args":[${number}]}`;
      const answer = Promise.withResolvers<string>();
      const headers = { "Content-Type": "application/json" };
      const sending = request(
        { port, host: "127.0.0.1", path: "/call", method: "POST", agent, headers },
        async (response) => {
          ports.add(response.socket.localPort);
          let text = "";
          for await (const chunk of response) text += chunk;
          answer.resolve(text);
        },
      );
      sending.end(body);
      expect(await answer.promise).toBe(`{"args":[[${number}]]}`);
    }
    agent.destroy();
    expect([...ports]).toEqual([expect.any(Number)]);
  });

  test("makes a WebSocket of a connection that has called", async () => {
    const call = post("/call", '{"procedure":"com.example.list"}', { Connection: "keep-alive" });
    const upgrade = [
      "GET /ws HTTP/1.1",
      "Host: localhost",
      "Connection: Upgrade",
      "Upgrade: websocket",
      "Sec-WebSocket-Version: 13",
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
      "Sec-WebSocket-Protocol: wamp.2.json",
    ];
    const close = Buffer.from("888201020304 02ea".replace(" ", ""), "hex");
    const answers = await rawHttp(port, call, `${upgrade.join("\r\n")}\r\n\r\n`, close);
    expect(answers.map(({ status }) => status)).toEqual([200, 101]);
  });

  test("answers browsers that ask first", async () => {
    const request =
      "OPTIONS /call HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nOrigin: https://a.example\r\nAccess-Control-Request-Headers: content-type\r\n\r\n";
    const [answer] = await rawHttp(port, request);
    expect([answer?.status, answer?.body]).toEqual([200, ""]);
    expect(Object.fromEntries(answer?.headers ?? [])).toMatchObject({
      allow: "POST,PUT,OPTIONS",
      "access-control-allow-methods": "POST,PUT,OPTIONS",
      "access-control-allow-origin": "https://a.example",
      "access-control-allow-headers": "content-type",
      "access-control-max-age": "86400",
    });
  });

  test.each(
    titled(
      [
        ["/call", "{", {}, 400, "ends too early"],
        ["/call", "[1]", {}, 400, "no JSON object"],
        ["/call", "", {}, 400, "ends too early"],
        ["/call", '{"args":[]}', {}, 400, '"procedure" is missing'],
        ["/publish", '{"args":[]}', {}, 400, '"topic" is missing'],
        ["/call", '{"procedure":1}', {}, 400, '"procedure" is no URI'],
        ["/call", '{"procedure":"a..b"}', {}, 400, '"procedure" is no URI'],
        ["/call", '{"procedure":"a\\u001cb"}', {}, 400, '"procedure" is no URI'],
        ["/call", '{"procedure":"a","procedure":"b"}', {}, 400, '"procedure" is there twice'],
        ["/call", '{"procedure":"a","args":"x"}', {}, 400, '"args" is no list'],
        ["/call", '{"procedure":"a","kwargs":[]}', {}, 400, '"kwargs" is no object'],
        ["/call", '{"procedure":"a","args":["\\ud800"]}', {}, 400, "lone surrogate"],
        ["/publish", '{"topic":"a","options":{"exclude":["x"]}}', {}, 400, '"exclude" has no fit'],
        ["/publish", '{"topic":"a","options":{"exclude":[1.5]}}', {}, 400, '"exclude" has no fit'],
        [
          "/publish",
          '{"topic":"a","options":{"eligible":[1e99]}}',
          {},
          400,
          '"eligible" has no fit',
        ],
        ["/publish", '{"topic":"a","options":{"later":1}}', {}, 400, '"later" is not known'],
        ["/call", "{}", { "Content-Type": "text/plain" }, 400, "content type"],
        ["/call", "{}", { "Content-Type": "application/json; charset=latin1" }, 400, "charset"],
        ["/small", `{"procedure":"${"a".repeat(100)}"}`, {}, 413, "longer than 100 octets"],
        ["/call", "", { "Content-Length": "1048577" }, 413, "longer than 1048576 octets"],
        ["/tls", '{"procedure":"a"}', {}, 400, "TLS"],
        ["/away", '{"procedure":"a"}', {}, 400, "address"],
        ["/near", '{"procedure":"a"}', {}, 200, "no_such_procedure"],
      ] as const,
      3,
    ),
  )("refuses %s", async (_title, path, body, headers, status, sentence) => {
    const answer = await ask(port, path, body, headers);
    expect(answer.status).toBe(status);
    if (status !== 200) expect(JSON.parse(answer.body)).toEqual(denied(sentence));
    else expect(answer.body).toContain(sentence);
  });

  test("refuses a request whose head is ambiguous, and says why", async () => {
    for (const [headers, sentence] of [
      [{ "Transfer-Encoding": "chunked" }, "its header fields do not say clearly how long"],
      [{ Host: "a, b" }, "it does not have one header field Host"],
    ] as const) {
      const { status, body } = await ask(port, "/call", "{}", headers);
      expect(status).toBe(400);
      expect(body).toStartWith(`Cannot read the request: ${sentence}`);
    }
  });

  test("refuses other methods with 405", async () => {
    for (const method of ["GET", "DELETE", "HEAD"]) {
      const request = `${method} /call HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`;
      const [answer] = await rawHttp(port, request);
      expect([answer?.status, answer?.headers.get("allow")]).toEqual([405, "POST,PUT,OPTIONS"]);
    }
  });

  test("gives a body up that is too long before it has come", async () => {
    const head = post("/small", "", { "Transfer-Encoding": "chunked" });
    const open = head.replace("Content-Length: 0\r\n", "");
    const [answer] = await rawHttp(port, open, `32\r\n${" ".repeat(50)}\r\nffff\r\n`);
    expect(answer?.status).toBe(413);
  });

  test("carries long arguments and results whole", async () => {
    const text = "0123456789".repeat(100_000);
    const body = { procedure: "com.example.list", args: [text] };
    const { status, body: answer } = await ask(port, "/call", body);
    expect([status, answer === JSON.stringify({ args: [[text]] })]).toEqual([200, true]);
  });

  test("answers 400 to a body that is cut off", async () => {
    const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    socket.end(post("/call", "{", { "Content-Length": "10" }));
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk as Buffer);
    expect(Buffer.concat(chunks).toString()).toMatch(/^HTTP\/1.1 400 .*cut off/s);
  });

  test("answers 503 when too many requests wait, and recovers", async () => {
    const open = post("/near", "", { "Content-Length": "1" });
    const sockets = await Promise.all(
      Array.from({ length: 512 }, async () => {
        const socket = connect({ port, host: "127.0.0.1" });
        socket.on("error", () => {}).write(open);
        await new Promise<void>((resolve) => socket.once("connect", resolve));
        return socket;
      }),
    );
    const waiting = { procedure: "com.example.nothing" };
    const statuses: number[] = [];
    // The last of them may still be on its way.
    while (statuses.at(-1) !== 503) statuses.push((await ask(port, "/near", waiting)).status);
    for (const socket of sockets) socket.destroy();
    while (statuses.at(-1) !== 200) statuses.push((await ask(port, "/near", waiting)).status);
    expect(statuses.filter((status) => status !== 200 && status !== 503)).toEqual([]);
  }, 20_000);

  test("takes a signed request once, and no other", async () => {
    const body = '{"procedure":"com.example.list","args":[7]}';
    const sign = (changes: Record<string, string> = {}, secret = "topsecret") => {
      const timestamp = new Date().toISOString();
      const fields = { key: "key1", timestamp, seq: "1", nonce: "4711", ...changes };
      const hmac = createHmac("sha256", secret);
      const signed = fields.key + fields.timestamp + fields.seq + fields.nonce + body;
      const base64 = hmac.update(signed).digest("base64");
      const signature = base64.replaceAll("+", "-").replaceAll("/", "_");
      return `/signed?${new URLSearchParams({ ...fields, signature })}`;
    };
    const good = sign();
    expect(await ask(port, good, body)).toMatchObject({ status: 200, body: '{"args":[[7]]}' });
    const old = new Date(Date.now() - 301_000).toISOString();
    const refusals = [
      [good, 401, "taken before"],
      [sign({}, "wrong"), 401, "signature is wrong"],
      [sign({ key: "key2" }), 401, "signature is wrong"],
      [sign({ timestamp: old }), 400, "expired"],
      [sign({ timestamp: "yesterday" }), 400, "timestamp"],
      [sign({ seq: "x" }), 400, '"seq" is not an integer'],
      [sign().replace(/&nonce=\d+/, ""), 400, '"nonce" is missing'],
      ["/signed", 400, '"key" is missing'],
    ] as const;
    for (const [path, status, sentence] of refusals) {
      const answer = await ask(port, path, body);
      expect([answer.status, JSON.parse(answer.body)]).toEqual([status, denied(sentence)]);
    }
    for (const nonce of ["5", "6"]) {
      expect((await ask(port, sign({ nonce }), body, keyed("s1"))).body).toBe('{"args":[[7]]}');
    }
    expect((await ask(port, "/signed", body, keyed("s1"))).status).toBe(400);
    const changed = await ask(port, sign({ nonce: "9" }), body.replace("7", "8"));
    expect(changed.status).toBe(401);
  });

  test("answers 503 where no role leads to the realm", async () => {
    const { status, body } = await ask(port, "/nobody", { procedure: "com.example.echo" });
    expect([status, JSON.parse(body).error]).toEqual([503, "wamp.error.unavailable"]);
    expect(body).not.toContain("nobody");
  });
}

describe("the HTTP bridge", () => {
  let running: TemporaryNode;
  beforeAll(async () => {
    running = await startNode(temporaryFolder({ "node.json": node }));
  }, 30_000);
  afterAll(async () => {
    expect(running.output()).not.toContain("topsecret");
    await running.stop();
  });

  describe("on a proxy worker", () => promises(proxyPort));
  describe("on a router worker", () => promises(routerPort));

  test("answers an ERROR where the role may not", async () => {
    for (const port of [proxyPort, routerPort]) {
      for (const [path, expected] of Object.entries({ "/call": 200, "/codes": 403 })) {
        const { status, body } = await ask(port, path, { procedure: "com.example.secret" });
        expect([status, JSON.parse(body).error]).toEqual([expected, "wamp.error.not_authorized"]);
      }
    }
  });
});

describe.if(hasOpenssl)("the HTTP bridge over TLS", () => {
  const [port = 0] = freePorts(1);

  test("takes what requires TLS, and answers what waits when the node ends", async () => {
    const folder = temporaryFolder();
    const tls = selfSigned(folder, "localhost");
    const [router, proxy] = [routerAt(0), proxyTo("router.sock", 0)];
    const endpoint = { type: "tcp", port, interface: "127.0.0.1", tls };
    const workers = [
      { ...router, transports: router.transports.slice(0, 1) },
      { ...proxy, transports: [{ type: "web", endpoint, paths }] },
    ];
    await Bun.write(`${folder}/node.json`, JSON.stringify({ version: 2, workers }));
    const running = await startNode(folder);
    const send = (path: string, body: object) =>
      fetch(`https://127.0.0.1:${port}${path}`, {
        method: "POST",
        body: JSON.stringify(body),
        headers: { "Content-Type": "application/json" },
        tls: { rejectUnauthorized: false },
      });
    const answer = await send("/tls", { procedure: "wamp.session.count" });
    expect([answer.status, await answer.json()]).toEqual([200, { args: [1] }]);
    const wss = `wss://127.0.0.1:${port}/ws`;
    const client = new WebSocket(wss, {
      protocols: ["wamp.2.json"],
      tls: { rejectUnauthorized: false },
    } as never);
    const said: unknown[][] = [];
    const wakes: (() => void)[] = [];
    client.onmessage = ({ data }) => {
      said.push(JSON.parse(String(data)));
      for (const wake of wakes.splice(0)) wake();
    };
    const until = async (type: number) => {
      while (!said.some(([one]) => one === type)) {
        await new Promise<void>((resolve) => wakes.push(resolve));
      }
    };
    await new Promise((resolve) => {
      client.onopen = resolve;
    });
    client.send(JSON.stringify([1, "realm1", { roles: { callee: {} } }]));
    await until(2);
    client.send(JSON.stringify([64, 1, {}, "com.example.never"]));
    await until(65);
    const waiting = send("/tls", { procedure: "com.example.never" });
    await until(68);
    const stopped = running.stop();
    expect((await waiting).status).toBe(503);
    expect(await stopped).toBe(0);
  }, 30_000);
});

describe("docs/http-bridge.md", () => {
  const [port = 0] = freePorts(1);
  let running: TemporaryNode;
  beforeAll(async () => {
    const example = JSON.stringify(nodeOf("docs/http-bridge.md"));
    const node = example.replace('"port":8080', `"port":${port}`);
    running = await startNode(temporaryFolder({ "node.json": node }));
  }, 30_000);
  afterAll(() => running.stop());

  test("has an example that answers as it says", async () => {
    const count = await ask(port, "/call", { procedure: "wamp.session.count" });
    expect([count.status, count.body]).toEqual([200, '{"args":[1]}']);
    const news = await ask(port, "/publish", { topic: "com.example.news", args: ["hello"] });
    expect([news.status, JSON.parse(news.body)]).toEqual([200, { id: expect.any(Number) }]);
    const other = await ask(port, "/call", { procedure: "org.example" });
    expect(JSON.parse(other.body).error).toBe("wamp.error.not_authorized");
  });

  test("has a request that may be repeated as it says", async () => {
    const [, lines = ""] = /```text\n(POST \/call .*?)\n```/s.exec(guide) ?? [];
    const request = lines.replace("Host: localhost:8080", "Host: localhost\nConnection: close");
    const send = async (text: string) => (await rawHttp(port, text.replaceAll("\n", "\r\n")))[0];
    const first = await send(request);
    expect([first?.status, JSON.parse(first?.body ?? "").error]).toEqual([
      200,
      "wamp.error.no_such_procedure",
    ]);
    expect((await send(request))?.body).toBe(first?.body as string);
    expect((await send(request.replace("[7]", "[8]")))?.status).toBe(422);
  });

  test("has a webhook that answers and publishes as it says", async () => {
    const url = `ws://127.0.0.1:${port}/ws`;
    const listener = await scriptedCallee(url, "json", {}, ["com.example.hook"]);
    const type = { Host: "localhost:8080", "Content-Type": "application/x-www-form-urlencoded" };
    const answer = await ask(port, "/hook", "fresh news", type);
    expect([answer.status, answer.body]).toEqual([202, "OK"]);
    const [, event = ""] = /its body as a text.\n\n```text\n(.*?)\n```/s.exec(guide) ?? [];
    const { headers, body } = JSON.parse(event);
    const published = { headers: { ...headers, Connection: ["close"] }, body };
    expect((await listener.next())[4]).toEqual([published]);
    await listener.leave();
  });

  test.if(hasPython)("has a token in Python with which a client acts as itself", async () => {
    const blocks = blocksOf("docs/http-bridge.md");
    const python = blocks.find(({ text }) => text.includes("def token"))?.text ?? "";
    const tokenOf = (program: string) =>
      Bun.spawnSync([PYTHON, "-c", program]).stdout.toString().trim();
    const curl = blocks.find(({ text }) => text.includes("$TOKEN"))?.text ?? "";
    const [command = "", output = ""] = curl.split("\n");
    const shell = command.replace("$ curl", "curl -sS").replace("8080", String(port));
    const answer = Bun.spawnSync(["sh", "-c", shell], {
      env: { ...process.env, TOKEN: tokenOf(python) },
    });
    const withAnyCount = (text: string) => text.replace(/\[\d+\]/, "[n]");
    expect(withAnyCount(answer.stdout.toString())).toBe(withAnyCount(output));
    const late = tokenOf(python.replace("time.time()) + 60", "time.time()) - 61"));
    const count = { procedure: "wamp.session.count" };
    const refused = await ask(port, "/tokens", count, { Authorization: `Bearer ${late}` });
    expect(guide).toContain(
      `HTTP/1.1 401 Unauthorized\nWWW-Authenticate: ${refused.headers.get("www-authenticate")}\n`,
    );
    expect(refused.status).toBe(401);
  });

  test.if(hasPython)("has a signature in Python that is that of the bridge", () => {
    const [, python = ""] = /```python\n(.*?)\n```/s.exec(guide) ?? [];
    const use = 'print(signature("secret", "key1", "2026-01-31T12:00:00.000Z", 1, 4711, b"{}"))';
    const { stdout } = Bun.spawnSync([PYTHON, "-c", `${python}\n${use}`]);
    const hmac = createHmac("sha256", "secret").update("key12026-01-31T12:00:00.000Z14711{}");
    const base64 = hmac.digest("base64").replaceAll("+", "-").replaceAll("/", "_");
    expect(stdout.toString().trim()).toBe(base64);
  });
});

describe.if(hasPython)("the HTTP bridge in front of Crossbar", () => {
  let router: { stop(): Promise<void> };
  let running: TemporaryNode;
  let folder: string;
  beforeAll(async () => {
    const workers = [proxyTo("router.sock", crossbarPort)];
    folder = temporaryFolder({ "node.json": { version: 2, workers } });
    router = await startCrossbar(folder);
    running = await startNode(folder);
  }, 60_000);
  afterAll(async () => {
    await running.stop();
    await router.stop();
  }, 30_000);

  describe("as it is", () => promises(crossbarPort));

  test("calls again once a router that was away is back", async () => {
    const count = { procedure: "wamp.session.count" };
    expect((await ask(crossbarPort, "/call", count)).status).toBe(200);
    await router.stop();
    await running.untilOutput(/service session lost/);
    const key = { "Idempotency-Key": '"away"' };
    expect((await ask(crossbarPort, "/call", count, key)).status).toBe(503);
    router = await startCrossbar(folder);
    const { status, body } = await ask(crossbarPort, "/call", count, key);
    expect([status, JSON.parse(body)]).toEqual([200, { args: [expect.any(Number)] }]);
  }, 60_000);
});
