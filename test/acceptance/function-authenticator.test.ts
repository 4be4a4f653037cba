/** Nodes of the built binary whose authmethods of type `function` are real code for Autobahn for Python. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { afterTest } from "../support/cleanups.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import {
  freePort,
  freePorts,
  nodeForTest,
  startNode,
  startNodeOf,
  type TemporaryNode,
} from "../support/temporary-node.ts";
import {
  hasPython,
  joinAllPython,
  joinAutobahn,
  methodOf,
  type Proof,
  PYTHON,
} from "../support/wamp-clients.ts";
import { wampSocket } from "../support/wamp-socket.ts";

const scripts = resolve(import.meta.dir, "../python");
const options = { python: PYTHON, pythonpath: [scripts] };
const LONG = 60_000;
const FAILED = "wamp.error.authentication_failed";

const permissions = [{ uri: "", match: "prefix", allow: { call: true, register: true } }];
const realms = [
  { name: "realm1", roles: ["anonymous", "user"].map((name) => ({ name, permissions })) },
];

const by = (name: string, others: object = {}) => ({
  type: "function",
  create: `function_authenticators.${name}`,
  ...others,
});
const judged = by("create_authenticator", {
  config: { team: "blue", password: "not-to-be-logged", number: "NUMBER" },
  "authenticator-timeout": 1000,
});
const onAsyncio = { ...judged, create: "asyncio_authenticators.create" };
const proxied = {
  anonymous: judged,
  ticket: judged,
  wampcra: judged,
  scram: judged,
  cryptosign: judged,
};

const websocket = (port: number, auth: object) => ({
  type: "websocket",
  endpoint: { type: "tcp", port, interface: "127.0.0.1" },
  auth,
});
const router = (transports: object[], others: object = {}) => ({
  type: "router",
  id: "router",
  options: { ...options, ...others },
  realms,
  transports,
});

/** The node's answer to an authid with a ticket. */
async function answerFor(url: string, authid: string, ticket: string): Promise<unknown[]> {
  const client = await wampSocket(url);
  client.says([1, "realm1", { roles: { caller: {} }, authmethods: ["ticket"], authid }]);
  expect(await client.next()).toEqual([4, "ticket", {}]);
  client.says([5, ticket, {}]);
  const answer = await client.next();
  client.close();
  await client.closed;
  return answer;
}

/** The result of the first try that succeeds. */
async function firstOf<T>([first, ...others]: (() => Promise<T>)[]): Promise<T> {
  if (first === undefined) throw new Error("no try succeeded");
  return await first().catch(() => firstOf(others));
}

const refused = (uri: string, text: string) => [3, { message: expect.stringContaining(text) }, uri];
const welcomed = (details: object) => [2, expect.any(Number), expect.objectContaining(details)];

describe.if(hasPython)("an authenticator in Python", () => {
  const [port = 0, routerPort = 0] = freePorts(2);
  const url = `ws://127.0.0.1:${port}/`;
  const routerUrl = `ws://127.0.0.1:${routerPort}/`;
  let running: TemporaryNode;

  beforeAll(async () => {
    const sock = { type: "unix", path: "router.sock" };
    const proxy = {
      type: "proxy",
      id: "proxy",
      options,
      connections: { c1: { transport: { type: "rawsocket", endpoint: sock } } },
      routes: { realm1: { anonymous: "c1", user: "c1" } },
      transports: [websocket(port, proxied)],
    };
    const transports = [
      { type: "rawsocket", endpoint: sock, auth: { "anonymous-proxy": { type: "static" } } },
      websocket(routerPort, {
        anonymous: by("create_later", { config: { role: "user" } }),
        ticket: onAsyncio,
        wampcra: by("no_such_function"),
        scram: { type: "function", create: "no_such_module.create" },
        cryptosign: by("create_nothing"),
      }),
    ];
    const folder = temporaryFolder({
      "node.json": JSON.stringify({ version: 2, workers: [router(transports), proxy] }).replaceAll(
        '"NUMBER"',
        "12345678901234567890",
      ),
    });
    running = await startNode(folder);
  }, LONG);
  afterAll(async () => {
    await running?.stop();
  });

  test("is ready before its worker listens, and made once for all of its authmethods", async () => {
    const order = [
      ...running.output().matchAll(/authenticator ready id=(\S+)|worker started id=(\w+)/g),
    ];
    expect(order.map(([, ready, worker]) => ready ?? worker)).toEqual([
      "function_authenticators.create_later",
      "asyncio_authenticators.create",
      "router",
      "function_authenticators.create_authenticator",
      "proxy",
    ]);
    await running.untilOutput(/made with None/);
    expect(running.output().match(/made with None \['number', 'password', 'team'\]/g)).toHaveLength(
      1,
    );
  });

  test("knows what the proofs of every authmethod are compared with", async () => {
    const seed = "4d57d97a68f555696620a6d849c0ce582568518d729eb753dc7c732de2804510";
    const proofs: Proof[] = [
      { authid: "alice", ticket: "secret1" },
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
      const identity = { authid: "alice", authrole: "user", authmethod, authprovider: "function" };
      expect(outcomes[number]).toMatchObject(
        [0, 1, 3, 5].includes(number)
          ? { joined: identity }
          : { refused: expect.stringContaining("authid or proof is not valid") },
      );
    });
  });

  test("lets anonymous clients in, through the proxy and on a router", async () => {
    const clients = await Promise.all([
      joinAutobahn(url, "json"),
      joinAutobahn(routerUrl, "msgpack"),
    ]);
    expect(clients.map(({ identity }) => identity)).toMatchObject([
      { authrole: "anonymous", authprovider: "function" },
      { authrole: "user", authprovider: "function" },
    ]);
    for (const client of clients) await client.leave();
  });

  test("on asyncio runs beside one on Twisted", async () => {
    expect(await answerFor(routerUrl, "joe", "any")).toEqual(
      welcomed({ authid: "joe of asyncio", authmethod: "ticket", authprovider: "function" }),
    );
  });

  test("gets what Crossbar gives it, and its values arrive unchanged", async () => {
    const [, , details] = await answerFor(url, "asks", "secret1");
    const { authextra } = details as { authextra: Record<string, unknown> };
    expect(authextra).toEqual({
      realm: "realm1",
      authid: "asks",
      big: 2n ** 60n,
      number: 12_345_678_901_234_567_890n,
      octets: new Uint8Array([1, 2]),
      details: {
        transport: expect.objectContaining({ peer: expect.stringContaining("tcp4:127.0.0.1:") }),
        session: expect.any(Number),
        authmethod: "ticket",
        authextra: {},
        authid: "asks",
        ticket: "secret1",
      },
    });
  });

  test.each([
    ["joe", "wrong", "wamp.error.not_authorized", "*** is not valid"],
    ["garbage", "secret1", FAILED, "the client could not be verified"],
    ["nan", "secret1", FAILED, "the client could not be verified"],
    ["long", "secret1", FAILED, "the client could not be verified"],
    ["wordless", "secret1", FAILED, "the client could not be verified"],
    ["broken", "secret1", FAILED, "the client could not be verified"],
    ["slow", "secret1", FAILED, "the client could not be verified"],
  ])("refuses %s with ticket %s: %s", async (authid, ticket, uri, sentence) => {
    expect(await answerFor(url, authid, ticket)).toEqual(refused(uri, sentence));
  });

  test.each([
    ["wampcra", "no_such_function", "has no attribute 'no_such_function'"],
    ["scram", "no_such_module.create", "No module named 'no_such_module'"],
    ["cryptosign", "create_nothing", "TypeError: expected a function, got NoneType"],
  ])("that cannot be made refuses with %s, and the others run", async (method, name, reason) => {
    const client = await wampSocket(routerUrl);
    const authextra = { nonce: "AAAAAAAAAAAAAAAAAAAAAA==", pubkey: "00".repeat(32) };
    const hello = { roles: { caller: {} }, authmethods: [method], authid: "joe", authextra };
    client.says([1, "realm1", hello]);
    expect(await client.next()).toEqual(refused(FAILED, "the client could not be verified"));
    client.close();
    await client.closed;
    await running.untilOutput(new RegExp(`authenticator failed id=\\S*${name} step=\\w+ reason=`));
    expect(running.output()).toContain(reason);
    await running.untilOutput(/Cannot call an authenticator: its function could not be made/);
  });

  test("is named in the log with the reason and the place, and with no secret", async () => {
    await answerFor(url, "broken", "secret1");
    await running.untilOutput(
      /authenticator failed authmethod=ticket authenticator=\S+create_authenticator peer=\S+ reason="KeyError: 'column \*\*\*' \(\S+function_authenticators.py:\d+\)"/,
    );
    const output = running.output();
    expect(output).toMatch(/reason="no answer within 1000 ms"/);
    expect(output).toMatch(/reason="ValueError: Out of range float values/);
    expect(output).toMatch(/reason="ValueError: an answer of 20000\d\d characters is too long/);
    expect(output).toMatch(/reason="Wordless: its text could not be made: ValueError/);
    expect(output).not.toContain("authenticators died");
    expect(output).not.toContain("secret1");
    expect(output).not.toContain("not-to-be-logged");
  });

  test(
    "is started again when its process ends, and clients wait for it",
    async () => {
      const before = running.output().length;
      expect(await answerFor(url, "dead", "secret1")).toEqual(refused(FAILED, "verified"));
      await running.untilOutput(/authenticators died ended="exit code 3" restart_ms=\d+/, before);
      // Python starts within the time of the authenticator, or a client is refused in the meantime.
      await running.untilOutput(/authenticator ready id=\S+create_authenticator/, before);
      expect(await answerFor(url, "joe", "secret1")).toEqual(
        welcomed({ authrole: "user", authextra: { team: "blue" } }),
      );
      await running.untilOutput(/its process has ended/, before);
    },
    LONG,
  );

  test(
    "that hangs is ended and started again",
    async () => {
      const before = running.output().length;
      expect(await answerFor(url, "blocked", "secret1")).toEqual(refused(FAILED, "verified"));
      await running.untilOutput(/authenticators died ended="signal SIGKILL"/, before);
      await running.untilOutput(/authenticator ready id=\S+create_authenticator/, before);
      expect(await answerFor(url, "joe", "secret1")).toEqual(welcomed({ authrole: "user" }));
    },
    LONG,
  );

  test(
    "ends with the node",
    async () => {
      expect(await running.stop()).toBe(0);
      const started = [...running.output().matchAll(/\[\w+ +(\d+)\].*authenticators are run/g)];
      expect(started.length).toBeGreaterThan(1);
      for (const [, pid] of started) {
        expect(await Bun.file(`/proc/${pid}/stat`).exists()).toBe(false);
      }
    },
    LONG,
  );
});

describe.if(hasPython)("a worker with authenticators in Python", () => {
  test.each([
    ["that does not exist", "/no/such/python", /ENOENT: no such file or directory/],
    ["without autobahn", "without-autobahn", /no module autobahn: .*-m pip install/],
  ])(
    "runs on with an interpreter %s",
    async (_title, name, reason) => {
      const port = freePort();
      const bin = temporaryFolder({
        "without-autobahn": `#!/bin/sh\nexec ${PYTHON} -S "$@"\n`,
      });
      Bun.spawnSync(["chmod", "-R", "+x", bin]);
      const python = name.startsWith("/") ? name : `${bin}/${name}`;
      const auth = { ticket: judged, anonymous: { type: "static", role: "anonymous" } };
      const node = { version: 2, workers: [router([websocket(port, auth)], { python })] };
      const started = await nodeForTest(temporaryFolder({ "node.json": node }));
      const url = `ws://127.0.0.1:${port}/`;
      expect(await answerFor(url, "joe", "secret1")).toEqual(refused(FAILED, "verified"));
      const client = await joinAutobahn(url, "json");
      await client.leave();
      const output = started.output();
      expect(output).toMatch(/authenticator not started id=\S+create_authenticator reason="/);
      expect(output.match(new RegExp(reason, "g"))).toHaveLength(2);
    },
    LONG,
  );

  test(
    "chooses a framework for a function that does not, and that logs when it is imported",
    async () => {
      const port = freePort();
      const auth = { anonymous: { type: "function", create: "logging_authenticators.create" } };
      const node = { version: 2, workers: [router([websocket(port, auth)])] };
      const started = await nodeForTest(temporaryFolder({ "node.json": node }));
      const client = await joinAutobahn(`ws://127.0.0.1:${port}/`, "json");
      expect(client.identity.authrole).toBe("user");
      await client.leave();
      await started.untilOutput(/made with \{\}/);
    },
    LONG,
  );

  test(
    "makes a function again that could not be made",
    async () => {
      const port = freePort();
      const folder = temporaryFolder({});
      const file = `${folder}/role`;
      const auth = { anonymous: by("create_when_possible", { config: { file } }) };
      const node = { version: 2, workers: [router([websocket(port, auth)])] };
      writeFileSync(`${folder}/node.json`, JSON.stringify(node));
      const started = await nodeForTest(folder);
      await started.untilOutput(
        /authenticator failed id=\S+ step=create reason="FileNotFoundError/,
      );
      writeFileSync(file, "user");
      const url = `ws://127.0.0.1:${port}/`;
      const tries = Array.from({ length: 200 }, () => () => joinAutobahn(url, "json"));
      const joined = await firstOf(tries);
      await joined.leave();
      expect(joined.identity).toMatchObject({ authrole: "user" });
    },
    LONG,
  );
});

/** Values of YAML, most of which JSON does not have. */
const VALUES = `
  day: 2001-12-14
  time: 2001-12-14 21:59:43.123456789
  zoned: 2001-12-14t21:59:43.10-05:30
  utc: 2001-12-14T1:59:43Z
  octets: !!binary aGk=
  empty: !!binary ""
  set: !!set {2001-12-14}
  numbers: [.inf, -.inf, .nan, 1.0, 12345678901234567890]
  deep: [{a: !!pairs [b: !!set {c}]}, !!set {}]
`;

test.if(hasPython)(
  "values of YAML reach authenticators and components as PyYAML reads them",
  async () => {
    const yaml = `
version: 2
workers:
- type: router
  options: ${JSON.stringify(options)}
  realms: ${JSON.stringify(realms)}
  components:
  - {type: class, classname: twisted_components.Printing, realm: realm1, extra: &values {${VALUES.trim().replaceAll("\n", ",")}}}
  transports:
  - type: rawsocket
    endpoint: {type: unix, path: a.sock}
    auth:
      ticket: {type: function, create: function_authenticators.create_printing, config: *values}
      wampcra: {type: function, create: function_authenticators.create_printing, config: 2001-12-14}
`;
    const node = await startNodeOf("node.yaml", temporaryFolder({ "node.yaml": yaml }));
    afterTest(() => node.stop());
    const script = `import yaml
value = yaml.safe_load(open(0).read())
value["deep"][0]["a"] = [list(pair) for pair in value["deep"][0]["a"]]
print(repr(value))`;
    const python = Bun.spawn([PYTHON, "-c", script], { stdin: Buffer.from(VALUES) });
    const expected = (await python.stdout.text()).trim();
    expect(expected).toContain("datetime.datetime(2001, 12, 14, 21, 59, 43, 123456)");
    const output = node.output();
    expect(output).toContain(`config is ${expected}\n`);
    expect(output).toContain("config is datetime.date(2001, 12, 14)\n");
    expect(output).toContain(`extra is ${expected.slice(0, -1)}, 'cbdir': '${node.folder}'}\n`);
    expect(output).not.toContain("$.");
  },
  LONG,
);
