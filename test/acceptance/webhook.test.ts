/** Webhooks that become events, through the built binary. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createHmac } from "node:crypto";
import { startCrossbar } from "../support/crossbar-router.ts";
import { post, rawHttp } from "../support/raw-http.ts";
import { scriptedCallee } from "../support/scripted-callee.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { freePorts, startNode, type TemporaryNode } from "../support/temporary-node.ts";
import { titled } from "../support/titles.ts";
import { hasPython } from "../support/wamp-clients.ts";
import { webAt, webProxy, webRouter } from "../support/web-workers.ts";

const [proxyPort = 0, routerPort = 0, crossbarPort = 0, lonelyPort = 0] = freePorts(4);

const SECRET = "topsecret";
const hook = (options: object = {}, role = "anonymous") => ({
  type: "webhook",
  realm: "realm1",
  role,
  options: { topic: "com.example.topic", ...options },
});
const paths = {
  ws: { type: "websocket", auth: { anonymous: { type: "static", role: "anonymous" } } },
  hook: hook(),
  said: hook({ success_response: "", error_response: "Grüße" }),
  denied: hook({ topic: "com.example.secret", error_response: "Grüße" }),
  small: hook({ post_body_limit: 10 }),
  github: hook({ github_secret: SECRET }),
  topicless: { ...hook(), options: {} },
};
const proxyTo = (path: string, port: number) => webProxy(webAt(port, paths), path);
const router = webRouter(webAt(routerPort, paths));
const workers = [router, proxyTo("router.sock", proxyPort), proxyTo("none.sock", lonelyPort)];

async function send(port: number, path: string, body: string, headers = {}) {
  const [answer] = await rawHttp(port, post(path, body, headers));
  if (answer === undefined) throw new Error("no answer");
  return answer;
}

const hmac = (digest: string, body: string, secret = SECRET) =>
  `${digest}=${createHmac(digest, secret).update(body).digest("hex")}`;

function promises(port: number) {
  const url = `ws://127.0.0.1:${port}/ws`;
  let listener: Awaited<ReturnType<typeof scriptedCallee>>;
  const published = async () => (await listener.next()).slice(4);
  beforeAll(async () => {
    listener = await scriptedCallee(url, "cbor", {}, ["com.example.topic"]);
  });
  afterAll(() => listener.leave());

  test("publishes the headers, each with its values, and the body as a text", async () => {
    const lines = [
      "POST /hook?a=b HTTP/1.1",
      "HOST: localhost",
      "x-GITHUB-event: ping",
      "Accept: a/b",
      "dnt: 1",
      "accept: c/d, e/f",
      "Content-Length: 10",
      "Connection: close",
    ];
    const [answer] = await rawHttp(port, `${lines.join("\r\n")}\r\n\r\n{"a": 👋`);
    expect([answer?.status, answer?.body]).toEqual([202, "OK"]);
    expect(answer?.headers.get("content-type")).toBe("text/plain; charset=utf-8");
    const headers = {
      Host: ["localhost"],
      "X-Github-Event": ["ping"],
      Accept: ["a/b", "c/d, e/f"],
      DNT: ["1"],
      "Content-Length": ["10"],
      Connection: ["close"],
    };
    expect(await published()).toEqual([[{ headers, body: '{"a": 👋' }]]);
  });

  test.each(titled(["", "\0AAEC", "\ufeffa\0\r\n\u{10ffff}"].map((body) => [body])))(
    "publishes the body %s as it is",
    async (_title, body) => {
      expect((await send(port, "/said", body)).body).toBe("");
      expect(await published()).toMatchObject([[{ body }]]);
    },
  );

  test.each(
    titled([
      [{ "X-Hub-Signature-256": hmac("sha256", "{}") }],
      [{ "X-Hub-Signature-256": hmac("sha256", "{}").toUpperCase() }],
      [{ "X-Hub-Signature": hmac("sha1", "{}") }],
      [{ "X-Hub-Signature": "sha1=0", "X-Hub-Signature-256": hmac("sha256", "{}") }],
    ]),
  )("takes a request signed with %s", async (_title, headers) => {
    expect((await send(port, "/github", "{}", headers)).status).toBe(202);
    expect(await published()).toMatchObject([[{ body: "{}" }]]);
  });

  test.each(
    titled([
      [{}],
      [{ "X-Hub-Signature-256": hmac("sha256", "{ }") }],
      [{ "X-Hub-Signature-256": hmac("sha256", "{}", "other") }],
      [{ "X-Hub-Signature-256": hmac("sha1", "{}") }],
      [{ "X-Hub-Signature": hmac("sha1", "{ }") }],
      [{ "X-Hub-Signature": hmac("sha256", "{}") }],
      [{ "X-Hub-Signature": hmac("sha1", "{}"), "X-Hub-Signature-256": "" }],
    ]),
  )("refuses a request signed with %s", async (_title, headers) => {
    const { status, body } = await send(port, "/github", "{}", headers);
    const error = "Cannot take the request: GitHub's signature is missing or wrong";
    expect([status, JSON.parse(body)]).toEqual([400, { error, args: [], kwargs: {} }]);
  });

  test.each([
    ["a body that is too long", "/small", "12345678901", {}, 413, "longer than 10 octets"],
    ["a charset", "/hook", "a", { "Content-Type": "a/b; charset=latin1" }, 400, "is not UTF-8"],
    ["a path without a topic", "/topicless", "a", {}, 501, "Not Implemented"],
  ])("answers %s", async (_what, path, body, headers, status, words) => {
    const answer = await send(port, path, body, headers);
    expect([answer.status, answer.body]).toEqual([status, expect.stringContaining(words)]);
  });

  test("refuses octets that are not UTF-8, and other methods", async () => {
    const octets = Buffer.concat([Buffer.from(post("/hook", "a").slice(0, -1)), Buffer.of(0xff)]);
    expect((await rawHttp(port, octets))[0]?.status).toBe(400);
    const get = "GET /hook HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    const [answer] = await rawHttp(port, get);
    expect([answer?.status, answer?.headers.get("allow")]).toEqual([405, "POST,PUT,OPTIONS"]);
  });
}

describe("webhooks", () => {
  let running: TemporaryNode;
  beforeAll(async () => {
    running = await startNode(temporaryFolder({ "node.json": { version: 2, workers } }));
  }, 30_000);
  afterAll(async () => {
    expect(running.output()).not.toContain(SECRET);
    await running.stop();
  });

  describe("on a proxy worker", () => promises(proxyPort));
  describe("on a router worker", () => promises(routerPort));

  test("answer 500 where the role may not publish", async () => {
    for (const port of [proxyPort, routerPort]) {
      const { status, body } = await send(port, "/denied", "a");
      expect([status, body]).toEqual([500, "Grüße"]);
    }
  });

  test("answer 503 where no router can be reached, and log the reason alone", async () => {
    const { status, headers, body } = await send(lonelyPort, "/said", "my own words");
    expect([status, headers.get("retry-after"), body]).toEqual([503, "1", "Grüße"]);
    await running.untilOutput(/webhook not published.*com\.example\.topic/);
    expect(running.output()).not.toContain("my own words");
  });
});

describe.if(hasPython)("webhooks in front of Crossbar", () => {
  let running: TemporaryNode;
  let crossbar: { stop(): Promise<void> };
  beforeAll(async () => {
    const node = { version: 2, workers: [proxyTo("router.sock", crossbarPort)] };
    const folder = temporaryFolder({ "node.json": node });
    crossbar = await startCrossbar(folder);
    running = await startNode(folder);
  }, 60_000);
  afterAll(async () => {
    await running.stop();
    await crossbar.stop();
  }, 30_000);

  promises(crossbarPort);
});
