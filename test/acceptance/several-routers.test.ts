/** Proxies of the built binary in front of real routers: embedded ones and Crossbar. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { auth_cra } from "autobahn";
import { signChallenge } from "#auth/cryptosign-challenge.ts";
import { makePrivateKey, publicKeyOf } from "#base/ed25519.ts";
import { connectPeer } from "#transport/router-connector.ts";
import { decodeMessage, encodeMessage } from "#wamp/serializer/message-values.ts";
import { role, startCrossbar } from "../support/crossbar-router.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import {
  BINARY,
  buildMissingBinary,
  freePort,
  startNode,
  type TemporaryNode,
  workerPids,
} from "../support/temporary-node.ts";
import { hasPython } from "../support/wamp-clients.ts";

const port = {
  proxy: freePort(),
  pass: freePort(),
  signedCrossbar: freePort(),
  signedEmbedded: freePort(),
  openCrossbar: freePort(),
};
const realm1 = { name: "realm1", roles: [role("anonymous"), role("user"), role("other")] };
const trusted = { "anonymous-proxy": { type: "static" } };
const signed = { "cryptosign-proxy": { type: "static" } };
const tcp = (number: number) => ({ type: "tcp", port: number, interface: "127.0.0.1" });
const rawsocket = (endpoint: object) => ({ type: "rawsocket", endpoint, serializer: "cbor" });
const toUnix = (path: string) => ({ transport: rawsocket({ type: "unix", path }), auth: trusted });
const toTcp = (number: number) => rawsocket({ type: "tcp", host: "127.0.0.1", port: number });

const keys = (publicKey: string) => ({
  "cryptosign-proxy": {
    type: "static",
    principals: { node1: { authorized_keys: [publicKey], role: "user" } },
  },
});

/** An embedded router over a Unix socket, and over TCP for those that sign. */
const router = (path: string, more: object[] = []) => ({
  type: "router",
  id: path.replace(".sock", ""),
  realms: [realm1],
  transports: [
    { type: "rawsocket", endpoint: { type: "unix", path }, serializers: ["cbor"], auth: trusted },
    ...more,
  ],
});

const paths = (entries: Record<string, object>) =>
  Object.fromEntries(
    Object.entries(entries).map(([name, auth]) => [name, { type: "websocket", auth }]),
  );
const as = (name: string) => ({ anonymous: { type: "static", role: name } });

function node(publicKey: string, folder: string): object {
  return {
    version: 2,
    controller: { id: "node1" },
    workers: [
      router("first.sock", [
        {
          type: "rawsocket",
          endpoint: tcp(port.signedEmbedded),
          serializers: ["cbor"],
          auth: keys(publicKey),
        },
      ]),
      router("second.sock"),
      {
        type: "proxy",
        id: "proxy",
        connections: {
          first: toUnix("first.sock"),
          second: toUnix("second.sock"),
          crossbar: toUnix(`${folder}/crossbar.sock`),
          signed_crossbar: { transport: toTcp(port.signedCrossbar), auth: signed },
          signed_embedded: { transport: toTcp(port.signedEmbedded), auth: signed },
        },
        routes: {
          realm1: {
            anonymous: ["first", "second", "crossbar"],
            user: "signed_crossbar",
            other: "signed_embedded",
            nobody: "signed_embedded",
          },
        },
        balancing: { slow_start: 0 },
        transports: [
          {
            type: "web",
            endpoint: tcp(port.proxy),
            paths: paths({
              all: as("anonymous"),
              signed: as("user"),
              embedded: as("other"),
              nobody: as("nobody"),
            }),
          },
        ],
      },
      {
        type: "proxy",
        id: "pass",
        connections: { open: { transport: toTcp(port.openCrossbar) } },
        routes: { realm1: { "*": "open" } },
        transports: [{ type: "websocket", endpoint: tcp(port.pass), auth: "passthrough" }],
      },
    ],
  };
}

function crossbar(publicKey: string, folder: string): object {
  const open = {
    anonymous: { type: "static", role: "anonymous" },
    ticket: { type: "static", principals: { alice: { ticket: "secret1", role: "user" } } },
    wampcra: { type: "static", users: { bob: { secret: "secret2", role: "user" } } },
  };
  const at = (endpoint: object, auth: object) => ({
    type: "rawsocket",
    endpoint,
    serializers: ["cbor"],
    auth,
  });
  return {
    version: 2,
    controller: { id: "router1" },
    workers: [
      {
        type: "router",
        realms: [realm1],
        transports: [
          at({ type: "unix", path: `${folder}/crossbar.sock` }, trusted),
          at(tcp(port.signedCrossbar), keys(publicKey)),
          at(tcp(port.openCrossbar), open),
        ],
      },
    ],
  };
}

/** A client in JSON over WebSocket that says and hears WAMP messages as they are. */
async function connect(url: string) {
  const socket = new WebSocket(url, ["wamp.2.json"]);
  const messages: unknown[][] = [];
  let wake = () => {};
  socket.onmessage = ({ data }) => {
    messages.push(JSON.parse(String(data)) as unknown[]);
    wake();
  };
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = reject;
  });
  return {
    says: (message: unknown[]) => socket.send(JSON.stringify(message)),
    leave: () => socket.close(),
    async next() {
      while (messages.length === 0) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return messages.shift() ?? [];
    },
  };
}

const proxyUrl = (path: string) => `ws://127.0.0.1:${port.proxy}/${path}`;
const roles = { caller: { features: { call_canceling: true } }, callee: {} };

/** Joins, and asks the router what it knows of the session. */
async function joinAndLook(path: string) {
  const client = await connect(proxyUrl(path));
  client.says([1, "realm1", { roles, authextra: { colour: "red" } }]);
  const [type, session, welcome] = await client.next();
  expect(type).toBe(2);
  client.says([48, 1, {}, "wamp.session.get", [session]]);
  const [, , , [known]] = (await client.next()) as [number, number, object, [object]];
  client.leave();
  return {
    session,
    welcome: welcome as Record<string, unknown>,
    known: known as Record<string, unknown>,
  };
}

/** What a router is told of the way in which such a client came. */
const seen = {
  channel_type: "tcp",
  channel_framing: "websocket",
  channel_serializer: "json",
  peer: expect.stringMatching(/^tcp4:127\.0\.0\.1:\d+$/),
  is_server: true,
  is_secure: false,
};

/** Says HELLO over TCP to the router that asks for a signature; `answers` are what it says, in order. */
async function claimToBeProxy(authextra: object) {
  const answers: unknown[][] = [];
  let wake = () => {};
  const handler = {
    onMessage(message: Uint8Array) {
      answers.push(decodeMessage(message, "cbor"));
      wake();
    },
    onDrain() {},
    onClose() {},
  };
  const endpoint = {
    type: "tcp",
    host: "127.0.0.1",
    port: port.signedEmbedded,
    timeoutMs: 5000,
  } as const;
  const transport = {
    type: "rawsocket",
    endpoint,
    serializer: "cbor",
    max_message_size: 65536,
  } as const;
  const peer = await connectPeer(transport, { serializer: "cbor", maxBuffered: 65536 }, handler);
  const says = (message: unknown[]) => peer.send(encodeMessage(message, "cbor"));
  says([1, "realm1", { roles, authmethods: ["cryptosign-proxy"], authid: "node1", authextra }]);
  return {
    says,
    async next() {
      while (answers.length === 0) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return answers.shift() ?? [];
    },
    close: () => peer.close(1000, "done"),
  };
}

describe.if(hasPython)("a proxy in front of several routers", () => {
  let running: TemporaryNode;
  let crossbarRouter: { stop(): Promise<void> };
  let publicKey: string;

  beforeAll(async () => {
    buildMissingBinary();
    const folder = temporaryFolder({
      "node.json": { version: 2, controller: { id: "node1" } },
    });
    const printed = Bun.spawnSync([BINARY, "keys", `${folder}/node.json`]);
    publicKey = printed.stdout.toString().trim();
    await Bun.write(`${folder}/node.json`, JSON.stringify(node(publicKey, folder)));
    crossbarRouter = await startCrossbar(folder, crossbar(publicKey, folder));
    running = await startNode(folder);
  }, 60_000);

  afterAll(async () => {
    await running.stop();
    await crossbarRouter.stop();
  }, 30_000);

  test("prints the public key, and never logs the private one", async () => {
    expect(publicKey).toMatch(/^[0-9a-f]{64}$/);
    expect(running.output()).toContain(publicKey);
    const file = await Bun.file(`${running.folder}/key.priv`).text();
    const privateKey = /private-key-ed25519: (\w+)/.exec(file)?.[1] as string;
    expect(privateKey).toHaveLength(64);
    expect(running.output()).not.toContain(privateKey);
  });

  test.each([
    ["Crossbar over a Unix socket", "all", "anonymous", "anonymous-proxy"],
    ["Crossbar with a signature over TCP", "signed", "user", "cryptosign-proxy"],
    ["the embedded router with a signature over TCP", "embedded", "other", "anonymous"],
  ])(
    "tells %s the identity of the client, and its transport",
    async (_name, path, authrole, authmethod) => {
      // Every router of the route `all` is asked once.
      const count = path === "all" ? 3 : 1;
      const looks = await Promise.all(Array.from({ length: count }, () => joinAndLook(path)));
      for (const { session, welcome, known } of looks) {
        const { authid } = welcome;
        expect(welcome).toEqual({
          realm: "realm1",
          authid,
          authrole,
          authmethod: "anonymous",
          authprovider: "static",
          authextra: { colour: "red" },
          roles: expect.objectContaining({ broker: expect.anything(), dealer: expect.anything() }),
        });
        expect(known).toMatchObject({ session, authid, authrole, transport: seen });
      }
      expect(looks.map(({ known }) => known["authmethod"])).toContain(authmethod);
    },
  );

  test("is refused a role that the embedded router does not have", async () => {
    const client = await connect(proxyUrl("nobody"));
    client.says([1, "realm1", { roles: { caller: {} } }]);
    expect((await client.next())[2]).toBe("wamp.error.no_such_role");
  });

  test.each([
    ["a role that WAMP does not have", { roles: { caller: {}, boss: {} } }],
    [
      "features that are none",
      { roles: { caller: { features: { call_canceling: "yes", x: 1 } } } },
    ],
    ["an empty role", { roles: { caller: null } }],
    [
      "an authextra of one's own",
      { roles, authextra: { transport: 1, x_cb_pid: "x", proxy_realm: 1 } },
    ],
  ])("joins on Crossbar with %s", async (_name, details) => {
    const client = await connect(proxyUrl("signed"));
    client.says([1, "realm1", details]);
    expect((await client.next())[0]).toBe(2);
    client.leave();
  });

  test("is not impersonated with its public key alone", async () => {
    const vouched = {
      pubkey: publicKey,
      proxy_realm: "realm1",
      proxy_authid: "admin",
      proxy_authrole: "user",
    };
    const forger = await claimToBeProxy(vouched);
    const [type, , extra] = await forger.next();
    expect(type).toBe(4);
    const { challenge } = extra as { challenge: string };
    forger.says([5, signChallenge(challenge, makePrivateKey()), {}]);
    expect((await forger.next()).slice(0, 1)).toEqual([3]);
    forger.close();
    const stranger = await claimToBeProxy({ ...vouched, pubkey: publicKeyOf(makePrivateKey()) });
    expect((await stranger.next())[2]).toBe("wamp.error.authentication_failed");
    stranger.close();
  });

  const passUrl = `ws://127.0.0.1:${port.pass}/`;
  test.each([
    ["ticket", "alice", () => "secret1"],
    ["wampcra", "bob", (challenge: string) => auth_cra.sign("secret2", challenge)],
  ])("lets Crossbar authenticate with %s", async (authmethod, authid, answer) => {
    const client = await connect(passUrl);
    client.says([1, "realm1", { roles, authmethods: [authmethod], authid }]);
    const [type, method, extra] = await client.next();
    expect([type, method]).toEqual([4, authmethod]);
    client.says([5, answer((extra as { challenge: string }).challenge), {}]);
    const [welcome, , details] = await client.next();
    expect(welcome).toBe(2);
    expect(details).toMatchObject({ authid, authrole: "user", authmethod });
    client.says([48, 1, {}, "wamp.session.count", []]);
    expect((await client.next())[0]).toBe(50);
    client.leave();
  });

  test("passes on that Crossbar refuses", async () => {
    const client = await connect(passUrl);
    client.says([1, "realm1", { roles, authmethods: ["ticket"], authid: "alice" }]);
    await client.next();
    client.says([5, "secret2", {}]);
    expect((await client.next())[0]).toBe(3);
    const other = await connect(passUrl);
    other.says([1, "realm2", { roles }]);
    expect((await other.next())[2]).toBe("wamp.error.no_such_realm");
  });

  test("loses no join when a router is killed, and uses it again when it is back", async () => {
    const pid = workerPids(running.output())["first"] as number;
    const before = running.output().length;
    const join = async () => {
      const client = await connect(proxyUrl("all"));
      client.says([1, "realm1", { roles }]);
      expect((await client.next())[0]).toBe(2);
      client.leave();
    };
    for (let round = 0; round < 40; round++) {
      const joins = [join(), join(), join(), join()];
      if (round === 10) process.kill(pid, "SIGKILL");
      await Promise.all(joins);
    }
    await running.untilOutput(/router up.*first/, before);
    const log = running.output().slice(before);
    expect(log.match(/router down/g)).toHaveLength(1);
    expect(log.match(/router up/g)).toHaveLength(1);
    await Promise.all([1, 2, 3].map(() => joinAndLook("all")));
  }, 30_000);
});
