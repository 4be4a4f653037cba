/** Bearer tokens, and logins by cookie, on paths of type `caller`, `publisher` and `sse`, through the built binary. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { hasOpenssl, selfSigned } from "../support/certificates.ts";
import { afterTest } from "../support/cleanups.ts";
import { startCrossbar } from "../support/crossbar-router.ts";
import { nodeOf } from "../support/documents.ts";
import { post, rawHttp } from "../support/raw-http.ts";
import { RawWebSocket } from "../support/raw-websocket.ts";
import { type Behaviour, scriptedCallee } from "../support/scripted-callee.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { freePorts, startNode, type TemporaryNode } from "../support/temporary-node.ts";
import {
  AUDIENCE,
  ISSUER,
  type IssuerKey,
  issuerKey,
  keySet,
  SECRET,
  sign,
} from "../support/tokens.ts";
import { dial } from "../support/universal-transport.ts";
import { hasPython } from "../support/wamp-clients.ts";
import { webAt } from "../support/web-workers.ts";

process.env["TOKEN_SECRET"] = SECRET;

const [proxyPort = 0, routerPort = 0, crossbarPort = 0, awayPort = 0, docsPort = 0] = freePorts(5);
const [key, fileKey] = [await issuerKey("key1"), await issuerKey("key2", "EdDSA")];

/** The issuer's server, whose answer each test may change. */
let answerKeys = () => Response.json(keySet(key));
const askedForKeys: (() => void)[] = [];
const issuer = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  fetch() {
    for (const wake of askedForKeys.splice(0)) wake();
    return answerKeys();
  },
});
afterAll(() => issuer.stop(true));

/** Resolves when all workers have asked again for keys, so that what came before is in use. */
async function keysAskedFor(times: number) {
  for (let time = 0; time < times; time++) {
    await new Promise<void>((resolve) => askedForKeys.push(resolve));
  }
}

const bearer = { issuer: ISSUER, audience: AUDIENCE };
const byUrl = {
  ...bearer,
  jwks_url: `http://127.0.0.1:${issuer.port}/keys`,
  jwks_refresh_interval: 1_000,
};
const bridge = (type: string, tokens: object, others: object = {}) => ({
  type,
  realm: "realm1",
  auth: { bearer: tokens },
  ...others,
});
const tickets = {
  alice: { ticket: "secret1", role: "user" },
  bob: { ticket: "secret2", role: "guest" },
};
const paths = {
  ws: {
    type: "websocket",
    cookie: {},
    auth: { cookie: {}, ticket: { type: "static", principals: tickets } },
  },
  open: { type: "websocket", auth: { anonymous: { type: "static", role: "user" } } },
  call: bridge("caller", byUrl, { options: { call_timeout: 5_000 } }),
  publish: bridge("publisher", byUrl),
  secret: bridge("caller", { ...bearer, secret: `\${TOKEN_SECRET}` }, { role: "guest" }),
  file: bridge("caller", { ...bearer, jwks_file: "keys.json" }),
  events: {
    type: "sse",
    realm: "realm1",
    auth: { bearer: { ...byUrl, clock_tolerance: 0 }, cookie: {} },
    options: { heartbeat_interval: 1_000 },
  },
  cookies: {
    type: "sse",
    realm: "realm1",
    auth: { cookie: { websocket: "/ws" } },
    options: { heartbeat_interval: 1_000, allowed_origins: ["*", "https://good.example"] },
  },
};

const everything = { call: true, register: true, publish: true, subscribe: true };
const disclose = { caller: true, publisher: true };
const roles = [
  { name: "anonymous", permissions: [] },
  { name: "user", permissions: [{ uri: "", match: "prefix", allow: everything, disclose }] },
  { name: "guest", permissions: [{ uri: "com.example.open", allow: everything }] },
];
const socket = (path: string) => ({
  type: "rawsocket",
  endpoint: { type: "unix", path },
  serializers: ["cbor"],
  auth: { "anonymous-proxy": { type: "static" } },
});
const logged = (web: object) => ({ ...web, options: { access_log: true } });
const router = (...transports: object[]) => ({
  type: "router",
  realms: [{ name: "realm1", roles }],
  transports,
});
const proxyAt = (port: number) => ({
  type: "proxy",
  connections: {
    conn1: {
      transport: {
        type: "rawsocket",
        endpoint: { type: "unix", path: "router.sock" },
        serializer: "cbor",
      },
    },
  },
  // No role of the router is called ghost.
  routes: { realm1: { user: "conn1", guest: "conn1", ghost: "conn1" } },
  transports: [logged(webAt(port, paths))],
});
const files = (...workers: object[]) => ({
  "node.json": { version: 2, workers },
  "keys.json": keySet(fileKey),
});

const procedures: Record<string, Behaviour> = {
  "com.example.echo": (args) => ({ result: [args] }),
  "com.example.open": () => ({ result: [["open"]] }),
  "com.example.waits": () => null,
};

async function ask(port: number, path: string, body: object, headers: Record<string, string> = {}) {
  const [answer] = await rawHttp(port, post(path, JSON.stringify(body), headers));
  if (answer === undefined) throw new Error("no answer");
  const challenge = answer.headers.get("www-authenticate");
  return { status: answer.status, body: JSON.parse(answer.body), challenge };
}

const withToken = (token: string) => ({ Authorization: `Bearer ${token}` });
const echo = { procedure: "com.example.echo", args: [1] };
const open = { procedure: "com.example.open" };

/** A listener, with the head of its answer. */
async function listen(port: number, path: string, ...headers: string[]) {
  const client = dial(port);
  await client.send([`GET ${path} HTTP/1.1`, "Host: h", ...headers, "", ""].join("\r\n"));
  await client.until("\n\n");
  return client;
}

const dataOf = (text: string) =>
  [...text.matchAll(/^data: (.*)$/gm)].map(([, data = ""]) => JSON.parse(data).args);

/** A browser that has joined with a ticket at `/ws`; gives its cookie, and what logs it out. */
async function joinedBrowser(port: number, authid = "alice", ticket = "secret1") {
  const socket = await RawWebSocket.open(`ws://127.0.0.1:${port}/ws`, {
    "Sec-WebSocket-Protocol": "wamp.2.json",
  });
  const cookie = /^set-cookie: (cbtid=[^;]+)/im.exec(socket.answer)?.[1] ?? "";
  const say = async (message: unknown[]) => {
    socket.sendFrame(0x81, Buffer.from(JSON.stringify(message)));
    return JSON.parse(String((await socket.nextFrame()).payload))[0];
  };
  const details = { roles: { caller: {} }, authmethods: ["ticket"], authid };
  expect([await say([1, "realm1", details]), await say([5, ticket, {}])]).toEqual([4, 2]);
  return { cookie, logOut: () => say([6, {}, "wamp.close.logout"]) };
}

/** What holds wherever the path is; `nodeOf` gives the node for its log. */
function promises(port: number, nodeOf: () => TemporaryNode) {
  const url = `ws://127.0.0.1:${port}/open`;
  let callee: Awaited<ReturnType<typeof scriptedCallee>>;
  beforeAll(async () => {
    callee = await scriptedCallee(url, "json", procedures, ["com.example.topic"]);
  });
  afterAll(() => callee.leave());

  test("a call is made with the authid and the role of its token", async () => {
    const token = await sign(key, { sub: "carol" });
    const answer = await ask(port, "/call", echo, withToken(token));
    expect([answer.status, answer.body]).toEqual([200, { args: [1] }]);
    const leaving = new AbortController();
    const waiting = fetch(`http://127.0.0.1:${port}/call`, {
      method: "POST",
      body: JSON.stringify({ procedure: "com.example.waits" }),
      headers: withToken(token),
      signal: leaving.signal,
    }).catch(() => {});
    const [type, , , details] = await callee.next();
    expect([type, details]).toEqual([
      68,
      expect.objectContaining({ caller_authid: "carol", caller_authrole: "user" }),
    ]);
    leaving.abort();
    await waiting;
    expect((await callee.next())[0]).toBe(69);
  });

  test("a publication shows the authid of its token", async () => {
    const event = { topic: "com.example.topic", args: ["hello"], options: { disclose_me: true } };
    const answer = await ask(port, "/publish", event, withToken(await sign(key, { sub: "dave" })));
    expect([answer.status, answer.body]).toEqual([200, { id: expect.any(Number) }]);
    const [type, , , details, args] = await callee.next();
    expect([type, details, args]).toEqual([
      36,
      expect.objectContaining({ publisher_authid: "dave", publisher_authrole: "user" }),
      ["hello"],
    ]);
  });

  test("the role of the token decides, or that of the path where it names none", async () => {
    const guest = withToken(await sign(key, { role: "guest" }));
    const refused = await ask(port, "/call", echo, guest);
    expect([refused.status, refused.body.error]).toEqual([200, "wamp.error.not_authorized"]);
    expect((await ask(port, "/call", open, guest)).body).toEqual({ args: ["open"] });
    const unnamed = { role: undefined };
    const byPath = withToken(await sign(SECRET, unnamed));
    expect((await ask(port, "/secret", open, byPath)).body).toEqual({ args: ["open"] });
    expect((await ask(port, "/secret", echo, byPath)).body.error).toBe("wamp.error.not_authorized");
    const none = await ask(port, "/call", open, withToken(await sign(key, unnamed)));
    expect([none.status, none.challenge]).toEqual([
      403,
      'Bearer realm="realm1", error="insufficient_scope", error_description="the token names no role"',
    ]);
  });

  test("a role that does not exist, and trusted, are refused with 403", async () => {
    for (const role of ["boss", "ghost", "trusted"]) {
      const answer = await ask(port, "/call", open, withToken(await sign(key, { role })));
      expect([role, answer.status]).toEqual([role, 403]);
      expect(answer.challenge).toContain('error="insufficient_scope"');
      const headers = [`Authorization: Bearer ${await sign(key, { role })}`];
      const client = dial(port);
      const head = ["GET /events?topic=com.example.open HTTP/1.1", "Host: h", ...headers, "", ""];
      await client.send(head.join("\r\n"));
      await client.until("kwargs");
      expect(client.text).toStartWith("HTTP/1.1 403 ");
    }
  });

  test("a request without a valid token is answered with 401, and a malformed one with 400", async () => {
    const token = await sign(key, { exp: 1 });
    const cases: [Record<string, string>, number, string][] = [
      [{}, 401, 'Bearer realm="realm1"'],
      [{ Authorization: "Basic YTpi" }, 401, 'Bearer realm="realm1"'],
      [
        withToken(token),
        401,
        'Bearer realm="realm1", error="invalid_token", error_description="the token has expired"',
      ],
      [
        { Authorization: "Bearer a b" },
        400,
        'Bearer realm="realm1", error="invalid_request", ' +
          'error_description="the header Authorization has no bearer token alone"',
      ],
    ];
    for (const [headers, status, challenge] of cases) {
      for (const path of ["/call", "/publish"]) {
        const answer = await ask(port, path, echo, headers);
        expect([answer.status, answer.challenge]).toEqual([status, challenge]);
      }
    }
    const inQuery = await ask(port, `/call?access_token=${await sign(key)}`, echo);
    expect(inQuery.status).toBe(401);
  });

  test("a browser may ask before it sends a token from a page of another origin", async () => {
    for (const path of ["call", "events"]) {
      const answer = await fetch(`http://127.0.0.1:${port}/${path}`, {
        method: "OPTIONS",
        headers: {
          Origin: "https://a.example",
          "Access-Control-Request-Headers": "authorization",
        },
      });
      expect([answer.status, answer.headers.get("access-control-allow-headers")]).toEqual([
        200,
        "authorization",
      ]);
    }
  });

  test("clients do not share their keys of repeated requests", async () => {
    const repeated = async (sub: string, body: object) =>
      (
        await ask(port, "/call", body, {
          ...withToken(await sign(key, { sub })),
          "Idempotency-Key": '"same"',
        })
      ).status;
    expect(await repeated("alice", echo)).toBe(200);
    expect(await repeated("alice", open)).toBe(422);
    expect(await repeated("bob", open)).toBe(200);
  });

  test("keys may be in a file, or a secret in the environment", async () => {
    expect((await ask(port, "/file", echo, withToken(await sign(fileKey)))).status).toBe(200);
    expect((await ask(port, "/secret", echo, withToken(await sign(SECRET)))).status).toBe(200);
    for (const path of ["/file", "/secret"]) {
      expect((await ask(port, path, echo, withToken(await sign(key)))).status).toBe(401);
    }
  });

  test("a listener gets what its client may, and nothing for other clients", async () => {
    const header = async (claims: Record<string, unknown>) =>
      `Authorization: Bearer ${await sign(key, claims)}`;
    const topic = "/events?topic=com.example.topic";
    const alice = await listen(port, topic, await header({ sub: "alice" }));
    const bob = await listen(port, topic, await header({ sub: "bob" }));
    const publish = async (args: unknown[], options: object) =>
      ask(
        port,
        "/publish",
        { topic: "com.example.topic", args, options },
        withToken(await sign(key)),
      );
    await publish(["for alice"], { eligible_authid: ["alice"] });
    await publish(["for all"], {});
    for (const client of [alice, bob]) await client.until("for all");
    expect([dataOf(alice.text), dataOf(bob.text)]).toEqual([
      [["for alice"], ["for all"]],
      [["for all"]],
    ]);
    const guest = dial(port);
    const lines = [`GET ${topic} HTTP/1.1`, "Host: h", await header({ role: "guest" }), "", ""];
    await guest.send(lines.join("\r\n"));
    await guest.until("not_authorized");
    expect(guest.text).toStartWith("HTTP/1.1 403 ");
    for (const client of [alice, bob]) client.socket.end();
    expect((await callee.next())[4]).toEqual(["for all"]);
  });

  test("a stream ends with its token", async () => {
    const exp = Math.floor(Date.now() / 1000) + 2;
    const authorization = `Authorization: Bearer ${await sign(key, { exp })}`;
    const client = await listen(port, "/events?topic=com.example.other", authorization);
    await client.closed;
    expect(Date.now()).toBeGreaterThanOrEqual(exp * 1000);
  });

  test("a listener is admitted by the cookie of a client that has joined, with its role", async () => {
    const alice = await joinedBrowser(port);
    const bob = await joinedBrowser(port, "bob", "secret2");
    for (const path of ["/events", "/cookies"]) {
      const topic = `${path}?topic=com.example.other`;
      const client = await listen(port, topic, `Cookie: a=b; ${alice.cookie}`);
      expect(client.text).toStartWith("HTTP/1.1 200 ");
      client.socket.end();
      const answers = async (...headers: string[]) => {
        const other = dial(port);
        await other.send([`GET ${topic} HTTP/1.1`, "Host: h", ...headers, "", ""].join("\r\n"));
        await other.until("kwargs");
        return Number(other.text.slice(9, 12));
      };
      const refused = path === "/events" ? 401 : 403;
      expect(await answers(`Cookie: ${bob.cookie}`)).toBe(403);
      expect(await answers()).toBe(refused);
      expect(await answers(`Cookie: cbtid=${"A".repeat(24)}`)).toBe(refused);
      // A page of an origin that is not listed must not listen as its visitor.
      expect(await answers(`Cookie: ${alice.cookie}`, "Origin: https://evil.example")).toBe(
        refused,
      );
    }
    const good = "Origin: https://good.example";
    const page = await listen(port, "/cookies?topic=a", `Cookie: ${alice.cookie}`, good);
    expect(page.text).toContain("Access-Control-Allow-Credentials: true");
    // A token that is refused is not made good by a cookie.
    const wrong = await fetch(`http://127.0.0.1:${port}/events?topic=a`, {
      headers: { Cookie: alice.cookie, Authorization: "Bearer a.b.c" },
    });
    expect(wrong.status).toBe(401);
  });

  test("a stream ends when its client logs out", async () => {
    const { cookie, logOut } = await joinedBrowser(port);
    const client = await listen(port, "/cookies?topic=com.example.other", `Cookie: ${cookie}`);
    expect(await logOut()).toBe(6);
    await client.closed;
    const later = await fetch(`http://127.0.0.1:${port}/cookies?topic=a`, {
      headers: { Cookie: cookie },
    });
    expect(later.status).toBe(403);
  });

  test("no token and no secret is in the log", async () => {
    const token = await sign(key);
    await ask(port, `/call?access_token=${token}`, echo, withToken(token));
    await nodeOf().untilOutput(/access_token=\*\*\*/);
    const [header = "", claims = "", signature = ""] = token.split(".");
    for (const part of [header, claims, signature, SECRET]) {
      expect(nodeOf().output()).not.toContain(part);
    }
  });
}

describe("bearer tokens", () => {
  let node: TemporaryNode;
  beforeAll(async () => {
    const workers = [
      router(socket("router.sock"), logged(webAt(routerPort, paths))),
      proxyAt(proxyPort),
    ];
    node = await startNode(temporaryFolder(files(...workers)));
  }, 30_000);
  afterAll(() => node.stop());

  describe("on a proxy worker", () => promises(proxyPort, () => node));
  describe("on a router worker", () => promises(routerPort, () => node));

  describe("when the issuer", () => {
    const statusOf = async (by: IssuerKey) =>
      (
        await ask(
          proxyPort,
          "/call",
          { procedure: "wamp.session.count" },
          withToken(await sign(by)),
        )
      ).status;
    /** Each of these paths of two workers asks for itself. */
    const EACH = 6;
    afterAll(() => {
      answerKeys = () => Response.json(keySet(key));
    });

    test("exchanges its keys, tokens of the new ones count, and of the old ones no more", async () => {
      const next = await issuerKey("next", "RS256");
      answerKeys = () => Response.json(keySet(key, next));
      await keysAskedFor(2 * EACH);
      expect([await statusOf(key), await statusOf(next)]).toEqual([200, 200]);
      answerKeys = () => Response.json(keySet(next));
      await keysAskedFor(2 * EACH);
      expect([await statusOf(key), await statusOf(next)]).toEqual([401, 200]);
      answerKeys = () => Response.json(keySet(key));
      await keysAskedFor(2 * EACH);
      expect(await statusOf(key)).toBe(200);
    }, 30_000);

    test.each<[string, () => Response]>([
      ["fails", () => new Response("", { status: 500 })],
      ["sends garbage", () => new Response("<html>")],
      ["sends too much", () => new Response(" ".repeat(1_000_000))],
      ["hangs", () => new Response(new ReadableStream({ pull: () => new Promise(() => {}) }))],
    ])(
      "%s, its last keys go on, and nobody else is let in",
      async (_, answer) => {
        answerKeys = answer;
        await keysAskedFor(EACH);
        expect([await statusOf(key), await statusOf(await issuerKey("new"))]).toEqual([200, 401]);
        answerKeys = () => Response.json(keySet(key));
        await keysAskedFor(EACH);
      },
      30_000,
    );
  });
});

test("docs/event-streams.md has a page that listens as its user", async () => {
  const example = JSON.stringify(nodeOf("docs/event-streams.md"));
  const node = await startNode(
    temporaryFolder({ "node.json": example.replace('"port":8080', `"port":${docsPort}`) }),
  );
  afterTest(() => node.stop());
  const { cookie } = await joinedBrowser(docsPort);
  const page = await listen(docsPort, "/mine?topic=com.example.news", `Cookie: ${cookie}`);
  await ask(docsPort, "/publish", { topic: "com.example.news", args: ["hello"] });
  await page.until("hello");
  expect((await fetch(`http://127.0.0.1:${docsPort}/mine?topic=com.example.news`)).status).toBe(
    403,
  );
}, 30_000);

test("nobody is let in before the issuer is there, and tokens count when it is", async () => {
  const [issuerPort = 0] = freePorts(1);
  const tokens = { ...byUrl, jwks_url: `http://127.0.0.1:${issuerPort}/` };
  const web = webAt(awayPort, { call: bridge("caller", tokens) });
  const node = await startNode(temporaryFolder(files(router(web))));
  afterTest(() => node.stop());
  const count = async () =>
    (await ask(awayPort, "/call", { procedure: "wamp.session.count" }, withToken(await sign(key))))
      .status;
  expect(await count()).toBe(503);
  await node.untilOutput(/keys of tokens not downloaded/);
  const late = Bun.serve({
    hostname: "127.0.0.1",
    port: issuerPort,
    fetch: () => Response.json(keySet(key)),
  });
  afterTest(() => late.stop(true));
  await node.untilOutput(/keys of tokens downloaded again/);
  expect(await count()).toBe(200);
}, 30_000);

describe.if(hasOpenssl)("keys over TLS", () => {
  let authority = "";
  let server: Bun.Server<undefined>;
  beforeAll(() => {
    const files = selfSigned(temporaryFolder(), "localhost");
    authority = files.certificate;
    const tls = { key: readFileSync(files.key), cert: readFileSync(authority) };
    const fetch = () => Response.json(keySet(key));
    server = Bun.serve({ hostname: "127.0.0.1", port: 0, tls, fetch });
  });
  afterAll(() => server.stop(true));

  test.each([
    ["nobody knows", false, 503],
    ["NODE_EXTRA_CA_CERTS names", true, 200],
  ])(
    "of a server whose authority %s",
    async (_, isKnown, status) => {
      afterTest(() => delete process.env["NODE_EXTRA_CA_CERTS"]);
      if (isKnown) process.env["NODE_EXTRA_CA_CERTS"] = authority;
      const [port = 0] = freePorts(1);
      const tokens = { ...byUrl, jwks_url: `https://localhost:${server.port}/` };
      const web = webAt(port, { call: bridge("caller", tokens) });
      const node = await startNode(temporaryFolder(files(router(web))));
      afterTest(() => node.stop());
      const headers = withToken(await sign(key));
      const answer = await ask(port, "/call", { procedure: "wamp.session.count" }, headers);
      expect(answer.status).toBe(status);
    },
    30_000,
  );
});

describe.if(hasPython)("bearer tokens in front of Crossbar", () => {
  let crossbar: { stop(): Promise<void> };
  let node: TemporaryNode;
  beforeAll(async () => {
    const folder = temporaryFolder(files(proxyAt(crossbarPort)));
    const worker = router(socket(`${folder}/router.sock`));
    crossbar = await startCrossbar(folder, {
      version: 2,
      controller: { id: "router1" },
      workers: [worker],
    });
    node = await startNode(folder);
  }, 60_000);
  afterAll(async () => {
    await node.stop();
    await crossbar.stop();
  }, 30_000);

  promises(crossbarPort, () => node);
});
