/** Tokens in cookies: clients of a proxy and of a router join with them, and Web services take them. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { openEvents } from "../support/event-source.ts";
import { poll } from "../support/longpoll-client.ts";
import { RawWebSocket } from "../support/raw-websocket.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { freePorts, startNode, type TemporaryNode } from "../support/temporary-node.ts";
import { AUDIENCE, ISSUER, SECRET, sign } from "../support/tokens.ts";
import { webAt, webProxy, webRouter } from "../support/web-workers.ts";

const [proxyPort = 0, routerPort = 0] = freePorts(2);
const page = "https://app.example";
const token = {
  issuer: ISSUER,
  audience: AUDIENCE,
  secret: SECRET,
  clock_tolerance: 0,
  cookie: { name: "access_token", allowed_origins: [page] },
};
const auth = { ticket: { type: "jwt", ...token } };
const service = { realm: "realm1", auth: { bearer: token } };
const paths = {
  ws: { type: "websocket", auth },
  lp: { type: "longpoll", auth },
  call: { type: "caller", ...service },
  events: { type: "sse", ...service, options: { allowed_origins: [page, "https://evil.example"] } },
};

let node: TemporaryNode;
beforeAll(async () => {
  const workers = [webRouter(webAt(routerPort, paths)), webProxy(webAt(proxyPort, paths))];
  node = await startNode(temporaryFolder({ "node.json": { version: 2, workers } }));
}, 30_000);
afterAll(() => node.stop());

const signed = (claims: Record<string, unknown> = {}) =>
  sign(SECRET, { role: "anonymous", ...claims });
const cookieOf = async (claims?: Record<string, unknown>) => ({
  Cookie: `theme=dark; access_token=${await signed(claims)}`,
});
const hello = [1, "realm1", { roles: { caller: {} }, authmethods: ["ticket"], authid: "eve" }];
const refusal = (state: string) => [
  3,
  { message: `Cannot authenticate with ticket: ${state}` },
  "wamp.error.authentication_denied",
];

/** A WebSocket whose handshake has these headers. */
async function connect(port: number, headers: Record<string, string>) {
  const all = { "Sec-WebSocket-Protocol": "wamp.2.json", ...headers };
  const socket = await RawWebSocket.open(`ws://127.0.0.1:${port}/ws`, all);
  const next = async () => JSON.parse(String((await socket.nextFrame()).payload));
  const ask = (message: unknown[]) => {
    socket.sendFrame(0x81, Buffer.from(JSON.stringify(message)));
    return next();
  };
  return { next, ask };
}

describe.each([
  ["proxy", proxyPort],
  ["router", routerPort],
])("at a %s", (_, port) => {
  test.each([{}, { Origin: page }])("a client joins without a challenge: %j", async (origin) => {
    const client = await connect(port, { ...(await cookieOf()), ...origin });
    const [type, , details] = await client.ask(hello);
    expect([type, details]).toEqual([
      2,
      expect.objectContaining({
        authid: "alice",
        authrole: "anonymous",
        authmethod: "ticket",
        authprovider: "jwt",
      }),
    ]);
  });

  test.each(["https://evil.example", "null"])("a page of %s is challenged", async (Origin) => {
    const client = await connect(port, { ...(await cookieOf()), Origin });
    expect(await client.ask(hello)).toEqual([4, "ticket", {}]);
    expect((await client.ask([5, await signed({ sub: "bob" }), {}]))[2].authid).toBe("bob");
  });

  test("a cookie that is refused is not made good by a challenge", async () => {
    const exp = Math.floor(Date.now() / 1000) - 1;
    const expired = await connect(port, await cookieOf({ exp }));
    expect(await expired.ask(hello)).toEqual(refusal("the token has expired"));
    const { Cookie } = await cookieOf();
    const several = await connect(port, { Cookie: `${Cookie}; access_token=a.b.c` });
    expect(await several.ask(hello)).toEqual(refusal('there are several cookies "access_token"'));
    expect(node.output()).not.toContain(Cookie.split(".")[1] ?? "?");
  });

  test("a session ends with its token", async () => {
    const join = async () => {
      const exp = Math.floor(Date.now() / 1000) + 2;
      const client = await connect(port, await cookieOf({ exp }));
      return { exp, client, answer: await client.ask(hello) };
    };
    let { exp, client, answer } = await join();
    // On a machine that is busy, a token may end before it is there.
    while (answer[0] === 3) ({ exp, client, answer } = await join());
    expect((await client.next())[2]).toBe("crossproxy.close.token_expired");
    expect(Date.now()).toBeGreaterThanOrEqual(exp * 1000);
  });

  test("a client that logs out does not join by its cookie again", async () => {
    const client = await connect(port, await cookieOf());
    for (const reason of ["wamp.close.normal", "wamp.close.logout"]) {
      expect((await client.ask(hello))[0]).toBe(2);
      expect((await client.ask([6, {}, reason]))[0]).toBe(6);
    }
    expect(await client.ask(hello)).toEqual([4, "ticket", {}]);
  });

  test("a client over long polling joins, of a listed page alone", async () => {
    const answerTo = async (Origin: string) => {
      const headers = { ...(await cookieOf()), Origin };
      const open = await poll(port, "/lp/open", '{"protocols":["wamp.2.json"]}', { headers });
      const { transport } = JSON.parse(open.text);
      await poll(port, `/lp/${transport}/send`, JSON.stringify(hello), { headers: { Origin } });
      const received = await poll(port, `/lp/${transport}/receive`, "", { headers: { Origin } });
      await poll(port, `/lp/${transport}/close`);
      const credentials = open.headers["access-control-allow-credentials"];
      return [JSON.parse(received.text)[0], credentials];
    };
    expect(await answerTo(page)).toEqual([2, "true"]);
    expect(await answerTo("https://evil.example")).toEqual([4, undefined]);
  });

  test("a caller acts as the client of its cookie", async () => {
    const call = async (headers: Record<string, string>) => {
      const body = '{"procedure":"wamp.session.count"}';
      const options = { headers: { "Content-Type": "application/json", ...headers } };
      const { status, headers: answer } = await poll(port, "/call", body, options);
      return [status, answer["www-authenticate"]];
    };
    const cookie = await cookieOf();
    expect(await call(cookie)).toEqual([200, undefined]);
    expect(await call({ ...cookie, Origin: page })).toEqual([200, undefined]);
    const missing = [401, 'Bearer realm="realm1"'];
    expect(await call({ ...cookie, Origin: "https://evil.example" })).toEqual(missing);
    expect(await call({ ...cookie, "Sec-Fetch-Site": "cross-site" })).toEqual(missing);
    expect(await call({})).toEqual(missing);
    const several = { Cookie: `${cookie.Cookie}; access_token=a.b.c` };
    expect(await call(several)).toEqual([400, expect.stringContaining("several cookies")]);
    // A token in the header counts before one in a cookie, whatever becomes of it.
    expect((await call({ ...cookie, Authorization: "Bearer a.b.c" }))[0]).toBe(401);
  });

  test("a stream of events ends with the token of its cookie", async () => {
    const exp = Math.floor(Date.now() / 1000) + 3;
    const cookie = await cookieOf({ exp });
    const url = `http://127.0.0.1:${port}/events?topic=com.example.topic`;
    const evil = await openEvents(url, { ...cookie, Origin: "https://evil.example" });
    expect(evil.status).toBe(401);
    const events = await openEvents(url, { ...cookie, Origin: page });
    expect(events.status).toBe(200);
    await events.ended;
    expect(Date.now()).toBeGreaterThanOrEqual(exp * 1000);
  });
});
