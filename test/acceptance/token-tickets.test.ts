/** Clients that join with tokens of an issuer, at a proxy and at a router of the built binary. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { freePorts, startNode, type TemporaryNode } from "../support/temporary-node.ts";
import { AUDIENCE, ISSUER, type IssuerKey, issuerKey, keySet, sign } from "../support/tokens.ts";
import {
  hasPython,
  joinAutobahn,
  joinPython,
  joinWampy,
  type WampClient,
} from "../support/wamp-clients.ts";
import { type WampSocket, wampSocket } from "../support/wamp-socket.ts";

const [proxyPort = 0, routerPort = 0] = freePorts(2);
const [key, nextKey] = [await issuerKey("key1"), await issuerKey("key2", "EdDSA")];

/** The keys that the issuer's server shows. */
let shown = keySet(key);
const askedForKeys: (() => void)[] = [];
const issuer = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  fetch() {
    for (const wake of askedForKeys.splice(0)) wake();
    return Response.json(shown);
  },
});
afterAll(() => issuer.stop(true));

const auth = {
  ticket: {
    type: "jwt",
    issuer: ISSUER,
    audience: AUDIENCE,
    jwks_url: `http://127.0.0.1:${issuer.port}/keys`,
    jwks_refresh_interval: 1_000,
    clock_tolerance: 0,
    extra_claims: ["email"],
  },
};
const transport = (port: number) => ({
  type: "websocket",
  endpoint: { type: "tcp", port, interface: "127.0.0.1" },
  auth,
});
const allow = { call: true, register: true, publish: true, subscribe: true };
const unix = { type: "unix", path: "router.sock" };
const node1 = {
  version: 2,
  workers: [
    {
      type: "router",
      realms: [
        {
          name: "realm1",
          roles: [{ name: "user", permissions: [{ uri: "", match: "prefix", allow }] }],
        },
      ],
      transports: [
        {
          type: "rawsocket",
          endpoint: unix,
          serializers: ["cbor"],
          auth: { "anonymous-proxy": { type: "static" } },
        },
        transport(routerPort),
      ],
    },
    {
      type: "proxy",
      connections: {
        conn1: { transport: { type: "rawsocket", endpoint: unix, serializer: "cbor" } },
      },
      routes: { realm1: { user: "conn1" } },
      transports: [transport(proxyPort)],
    },
  ],
};

let node: TemporaryNode;
beforeAll(async () => {
  node = await startNode(temporaryFolder({ "node.json": node1 }));
}, 30_000);
afterAll(() => node.stop());

/** Sends a ticket, and gives WELCOME or ABORT. */
async function answerTo(port: number, ticket: string): Promise<[WampSocket, unknown[]]> {
  const client = await wampSocket(`ws://127.0.0.1:${port}/`);
  client.says([1, "realm1", { roles: { caller: {} }, authmethods: ["ticket"] }]);
  expect(await client.next()).toEqual([4, "ticket", {}]);
  client.says([5, ticket, {}]);
  return [client, await client.next()];
}

/** Tries, whenever a worker has asked for keys, until the answer is of this type. */
async function untilAnswered(type: number, port: number, ticket: string) {
  for (;;) {
    const [client, answer] = await answerTo(port, ticket);
    client.close();
    if (answer[0] === type) return answer;
    await new Promise<void>((resolve) => askedForKeys.push(resolve));
  }
}

/** Has the issuer show this key alone, and waits until the worker has it. */
async function useKey(one: IssuerKey, port: number) {
  shown = keySet(one);
  await untilAnswered(2, port, await sign(one));
}

const refusal = (state: string) => [
  3,
  { message: `Cannot authenticate with ticket: ${state}` },
  "wamp.error.authentication_denied",
];

describe.each([
  ["proxy", proxyPort],
  ["router", routerPort],
])("at a %s", (_, port) => {
  const url = `ws://127.0.0.1:${port}/`;

  const libraries: [string, boolean, typeof joinAutobahn][] = [
    ["autobahn for JavaScript", true, joinAutobahn],
    ["wampy", true, joinWampy],
    ["autobahn for Python", hasPython, joinPython],
  ];
  for (const [library, isThere, join] of libraries) {
    test.if(isThere)(
      `${library} joins as the client of its token`,
      async () => {
        await useKey(key, port);
        const token = await sign(key);
        const client: WampClient = await join(url, "json", { authid: "eve", ticket: token });
        expect(client.identity).toEqual({
          realm: "realm1",
          authid: "alice",
          authrole: "user",
          authmethod: "ticket",
          authprovider: "jwt",
        });
        await client.registerEcho(`com.example.echo${port}`);
        expect(await client.call(`com.example.echo${port}`, [1])).toEqual([1]);
        await client.leave();
      },
      30_000,
    );
  }

  test("the issuer may exchange its keys, and the old ones do not count any more", async () => {
    await useKey(key, port);
    shown = keySet(nextKey);
    const email = "alice@login.example";
    const welcome = await untilAnswered(2, port, await sign(nextKey, { email }));
    expect(welcome[2]).toMatchObject({ authid: "alice", authextra: { email } });
    expect(await untilAnswered(3, port, await sign(key))).toEqual(
      refusal("the key of the token is not known"),
    );
  }, 30_000);

  test("a refusal is in the log with its reason, and without the token", async () => {
    await useKey(nextKey, port);
    const from = node.output().length;
    const token = await sign(nextKey, { iss: "https://other.example" });
    const state = "the claim iss of the token is missing or wrong";
    const [, answer] = await answerTo(port, token);
    expect(answer).toEqual(refusal(state));
    await node.untilOutput(RegExp(state), from);
    expect(node.output()).not.toContain(token);
    expect(node.output()).not.toContain(token.split(".")[2]);
  }, 30_000);

  test("a role that does not exist is refused", async () => {
    await useKey(nextKey, port);
    const [, answer] = await answerTo(port, await sign(nextKey, { role: "ghost" }));
    expect([answer[0], answer[2]]).toEqual([3, "wamp.error.no_such_role"]);
  }, 30_000);

  test("a session ends with its token", async () => {
    await useKey(nextKey, port);
    const join = async () => {
      const exp = Math.floor(Date.now() / 1000) + 2;
      const [client, answer] = await answerTo(port, await sign(nextKey, { exp }));
      return { exp, client, answer };
    };
    let { exp, client, answer } = await join();
    // On a machine that is busy, a token may end before it is there.
    while (answer[0] === 3) ({ exp, client, answer } = await join());
    expect((await client.next())[2]).toBe("crossproxy.close.token_expired");
    expect(Date.now()).toBeGreaterThanOrEqual(exp * 1000);
    client.says([6, {}, "wamp.close.goodbye_and_out"]);
    expect((await client.closed).code).toBe(1001);
  }, 30_000);
});
