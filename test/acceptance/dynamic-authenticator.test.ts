/** A proxy of the built binary whose authenticator, in Python, is registered on a real Crossbar. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { resolve } from "node:path";
import { role, startCrossbar } from "../support/crossbar-router.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { freePort, startNode, type TemporaryNode } from "../support/temporary-node.ts";
import {
  hasPython,
  joinAllPython,
  joinAutobahn,
  joinPython,
  joinWampy,
  methodOf,
  type Proof,
  PYTHON,
} from "../support/wamp-clients.ts";
import { wampSocket } from "../support/wamp-socket.ts";

const port = freePort();
const routerPort = freePort();
const url = `ws://127.0.0.1:${port}/ws`;
const dynamic = {
  type: "dynamic",
  authenticator: "com.example.authenticate",
  "authenticator-realm": "auth",
  "authenticator-role": "authenticator",
  "authenticator-timeout": 1000,
};
const proxyNode = {
  version: 2,
  workers: [
    {
      type: "proxy",
      connections: {
        conn1: {
          transport: { type: "rawsocket", endpoint: { type: "unix", path: "router.sock" } },
        },
      },
      routes: {
        realm1: { anonymous: "conn1", user: "conn1" },
        auth: { authenticator: "conn1" },
      },
      transports: [
        {
          type: "web",
          endpoint: { type: "tcp", port, interface: "127.0.0.1" },
          paths: {
            ws: {
              type: "websocket",
              auth: {
                ticket: dynamic,
                anonymous: dynamic,
                wampcra: dynamic,
                scram: dynamic,
                cryptosign: dynamic,
              },
            },
          },
        },
      ],
    },
  ],
};
const crossbar = (folder: string) => ({
  version: 2,
  workers: [
    {
      type: "router",
      realms: [
        { name: "realm1", roles: [role("anonymous"), role("user")] },
        { name: "auth", roles: [role("authenticator")] },
      ],
      transports: [
        {
          type: "rawsocket",
          endpoint: { type: "unix", path: `${folder}/router.sock` },
          serializers: ["cbor"],
          auth: { "anonymous-proxy": { type: "static" } },
        },
        {
          type: "websocket",
          endpoint: { type: "tcp", port: routerPort, interface: "127.0.0.1" },
          auth: { anonymous: { type: "static", role: "authenticator" } },
        },
      ],
    },
  ],
});

/** The authenticator, registered. */
async function startAuthenticator() {
  const script = resolve(import.meta.dir, "../python/authenticator.py");
  const child = Bun.spawn([PYTHON, script, `ws://127.0.0.1:${routerPort}`, "auth"], {
    stdout: "pipe",
    stderr: "ignore",
  });
  const asked: [string, string, Record<string, unknown>][] = [];
  const registered = Promise.withResolvers<void>();
  const listen = async () => {
    let rest = "";
    const decoder = new TextDecoder();
    for await (const chunk of child.stdout) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        const said = JSON.parse(line);
        if (said.registered) registered.resolve();
        else asked.push(said.asked);
      }
    }
    registered.reject(new Error("the authenticator ended"));
  };
  const listening = listen();
  await registered.promise;
  return {
    asked,
    async stop() {
      child.kill();
      await Promise.all([child.exited, listening]);
    },
  };
}

/** The proxy's answer to an authid with a ticket. */
async function answerFor(authid: string, ticket: string): Promise<unknown[]> {
  const client = await wampSocket(url);
  client.says([1, "realm1", { roles: { caller: {} }, authmethods: ["ticket"], authid }]);
  expect(await client.next()).toEqual([4, "ticket", {}]);
  client.says([5, ticket, {}]);
  const answer = await client.next();
  client.close();
  await client.closed;
  return answer;
}

describe.if(hasPython)("a dynamic authenticator on Crossbar", () => {
  let folder: string;
  let router: { stop(): Promise<void> };
  let proxy: TemporaryNode;
  let authenticator: Awaited<ReturnType<typeof startAuthenticator>>;

  beforeAll(async () => {
    folder = temporaryFolder({ "node.json": proxyNode });
    router = await startCrossbar(folder, crossbar(folder));
    authenticator = await startAuthenticator();
    proxy = await startNode(folder);
  }, 60_000);

  afterAll(async () => {
    await proxy.stop();
    await authenticator.stop();
    await router.stop();
  }, 30_000);

  test.each([
    ["tickets", { authid: "joe", ticket: "secret1" }],
    ["anonymous clients", undefined],
  ])("judges %s", async (_who, auth) => {
    const clients = await Promise.all([
      joinAutobahn(url, "json", auth),
      joinWampy(url, "msgpack", auth),
      joinPython(url, "cbor", auth),
    ]);
    for (const client of clients) await client.leave();
  });

  test("knows what the proofs of other authmethods are compared with", async () => {
    const seed = "4d57d97a68f555696620a6d849c0ce582568518d729eb753dc7c732de2804510";
    const proofs: Proof[] = [
      { authid: "alice", secret: "secret1" },
      { authid: "alice", secret: "secret2" },
      { authid: "alice", password: "secret1" },
      { authid: "alice", password: "secret2" },
      { authid: "alice", privkey: seed },
      { authid: "alice", privkey: "ff".repeat(32) },
    ];
    const joins = proofs.map((auth) => ({ url, serializer: "cbor" as const, auth }));
    const outcomes = await joinAllPython(joins);
    proofs.forEach((proof, number) => {
      const authmethod = methodOf(proof);
      const identity = { authid: "alice", authrole: "user", authmethod, authprovider: "dynamic" };
      expect(outcomes[number]).toMatchObject(
        number % 2 === 0
          ? { joined: identity }
          : { refused: expect.stringContaining("authid or proof is not valid") },
      );
    });
  });

  test("gets what Crossbar gives it, and gives the client its identity", async () => {
    expect(await answerFor("ann", "secret1")).toMatchObject([
      2,
      expect.any(Number),
      { authid: "ann", authrole: "user", authprovider: "dynamic", authextra: { team: "blue" } },
    ]);
    const asked = authenticator.asked.find(([, authid]) => authid === "ann");
    expect(asked).toEqual([
      "realm1",
      "ann",
      {
        transport: expect.objectContaining({ peer: expect.stringContaining("tcp4:127.0.0.1:") }),
        session: expect.any(Number),
        authmethod: "ticket",
        authextra: {},
        authid: "ann",
        ticket: "secret1",
      },
    ]);
  });

  test.each([
    ["joe", "wrong", "this ticket is not valid", "com.example.invalid_ticket"],
    ["garbage", "secret1", "the client could not be verified", authenticationFailed()],
    ["broken", "secret1", "the client could not be verified", authenticationFailed()],
    ["slow", "secret1", "the client could not be verified", authenticationFailed()],
  ])("refuses %s with ticket %s: %s", async (authid, ticket, sentence, uri) => {
    expect(await answerFor(authid, ticket)).toEqual([
      3,
      { message: expect.stringContaining(sentence) },
      uri,
    ]);
  });

  test("is found again after the router was started again", async () => {
    await authenticator.stop();
    expect(await answerFor("joe", "secret1")).toMatchObject([3, {}, authenticationFailed()]);
    await router.stop();
    expect(await answerFor("joe", "secret1")).toMatchObject([3, {}, authenticationFailed()]);
    router = await startCrossbar(folder, crossbar(folder));
    authenticator = await startAuthenticator();
    expect(await answerFor("joe", "secret1")).toMatchObject([
      2,
      expect.any(Number),
      { authrole: "user" },
    ]);
    await proxy.untilOutput(/authenticator failed.*no_such_procedure/);
    await proxy.untilOutput(/service session lost/);
    await proxy.untilOutput(/wamp\.error\.runtime_error/);
    expect(proxy.output()).not.toContain("secret1");
  }, 60_000);
});

function authenticationFailed(): string {
  return "wamp.error.authentication_failed";
}
