/** A running node of the built binary takes another configuration, while clients call all the time. */

import { describe, expect, test } from "bun:test";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type CallingClients, callingClients } from "../support/calling-clients.ts";
import { hasOpenssl, selfSigned, trusting } from "../support/certificates.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import {
  BINARY,
  freePorts,
  nodeForTest,
  type TemporaryNode,
  workerPids,
} from "../support/temporary-node.ts";
import { hasPython, PYTHON } from "../support/wamp-clients.ts";
import { wampSocket } from "../support/wamp-socket.ts";

const CLIENTS = 30;

const may = { call: true, register: true, publish: true, subscribe: true };
const everything = [{ uri: "", match: "prefix", allow: may }];
const role = (name: string, permissions: object[] = everything) => ({ name, permissions });
const anonymous = { anonymous: { type: "static", role: "anonymous" } };

function routerWorker(path: string, realms: object[]) {
  const endpoint = { type: "unix", path };
  const auth = { "anonymous-proxy": { type: "static" } };
  const transports = [{ type: "rawsocket", endpoint, serializers: ["cbor"], auth }];
  return { type: "router", id: `router_${path.replace(".sock", "")}`, realms, transports };
}

const connection = (path: string) => ({
  transport: { type: "rawsocket", endpoint: { type: "unix", path }, serializer: "cbor" },
});

const webSocket = (auth: object = anonymous) => ({ type: "websocket", auth });

/** The parts of the node that a test changes. */
interface Parts {
  ports: [number, number];
  roles: object[];
  realms: object[];
  connections: Record<string, object>;
  routes: Record<string, object>;
  paths: Record<string, object>;
  endpoint: object;
  transport: object;
  /** Further transports of the proxy. */
  transports: object[];
  workers: object[];
}

function partsOf(ports: [number, number]): Parts {
  return {
    ports,
    roles: [role("anonymous")],
    realms: [],
    connections: { conn1: connection("router.sock") },
    routes: { realm1: { "*": "conn1" } },
    paths: { ws: webSocket(), "/": { type: "json", value: "first" } },
    endpoint: { shared: false },
    transport: {},
    transports: [],
    workers: [],
  };
}

const tcp = (port: number, endpoint: object = {}) => ({
  type: "tcp",
  interface: "127.0.0.1",
  port,
  shared: true,
  ...endpoint,
});

function nodeOf({ ports, paths, endpoint, transport, ...parts }: Parts) {
  const { roles, realms, connections, routes, transports, workers } = parts;
  const web = { type: "web", endpoint: tcp(ports[0], endpoint), paths, ...transport };
  const router = routerWorker("router.sock", [{ name: "realm1", roles }, ...realms]);
  const proxy = { type: "proxy", id: "proxy", connections, routes };
  return {
    version: 2,
    workers: [router, { ...proxy, transports: [web, ...transports] }, ...workers],
  };
}

interface ReloadedNode {
  node: TemporaryNode;
  parts: Parts;
  url: string;
  clients: CallingClients;
}

/** A node whose clients call. */
async function startCalling(clients = CLIENTS): Promise<ReloadedNode> {
  const parts = partsOf(freePorts(2) as [number, number]);
  const folder = temporaryFolder({ "node.json": nodeOf(parts) });
  const node = await nodeForTest(folder);
  const url = `ws://127.0.0.1:${parts.ports[0]}/ws`;
  return { node, parts, url, clients: await callingClients(url, clients) };
}

async function reload(folder: string, ...options: string[]) {
  const child = Bun.spawn([BINARY, "reload", ...options], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  return { exitCode: await child.exited, text: stdout + stderr };
}

function write({ node }: ReloadedNode, parts: Parts): void {
  writeFileSync(join(node.folder, "node.json"), JSON.stringify(nodeOf(parts)));
}

/** Reloads with these parts, under calls. */
async function change(running: ReloadedNode, parts: Partial<Parts>): Promise<void> {
  const next = { ...running.parts, ...parts };
  write(running, next);
  await running.clients.untilAnswered();
  const { exitCode, text } = await reload(running.node.folder);
  expect(text).toStartWith('Reloaded "node.json": ');
  expect(exitCode).toBe(0);
  await running.clients.untilAnswered();
}

/** No session has been dropped, and no call lost. */
async function expectNothingLost({ clients }: ReloadedNode): Promise<void> {
  const { answered, lost } = await clients.stop();
  expect(lost).toEqual([]);
  expect(answered).toBeGreaterThan(2 * CLIENTS);
}

/** The type and the third item of the first answer to HELLO: the URI of an ABORT. */
async function joining(url: string, realm = "realm1", details: object = {}) {
  const client = await wampSocket(url);
  client.says([1, realm, { roles: { caller: {}, subscriber: {} }, ...details }]);
  const [type, , uri] = await client.next();
  return { client, type, uri };
}

const joined = async (url: string, realm?: string) => {
  const { client, type } = await joining(url, realm);
  expect(type).toBe(2);
  return client;
};

const testee = (endpoint: object) => ({ type: "websocket.testee", endpoint });

const page = async (port: number, path = "/") => {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`);
  return answer.ok ? await answer.text() : answer.status;
};

describe("a reload under calls loses no session and no call when", () => {
  test("permissions change, which hold at once", async () => {
    const running = await startCalling();
    const client = await joined(running.url);
    client.says([32, 1, {}, "com.example.secret"]);
    expect((await client.next())[0]).toBe(33);
    const publish = async (): Promise<unknown[]> => {
      const publisher = await joined(running.url);
      publisher.says([16, 1, { acknowledge: true }, "com.example.secret"]);
      return publisher.next();
    };
    expect((await publish())[0]).toBe(17);
    expect((await client.next())[0]).toBe(36);

    const secret = { uri: "com.example.secret", allow: { publish: true } };
    await change(running, { roles: [role("anonymous", [...everything, secret])] });
    expect((await publish())[0]).toBe(17);
    client.says([32, 2, {}, "com.example.secret"]);
    // Not the event of the publication before.
    expect((await client.next()).slice(0, 5)).toEqual([
      8,
      32,
      2,
      expect.any(Object),
      "wamp.error.not_authorized",
    ]);

    await change(running, {});
    expect((await publish())[0]).toBe(17);
    expect((await client.next())[0]).toBe(36);
    await expectNothingLost(running);
  });

  test("a realm and its route are added, and removed again", async () => {
    const running = await startCalling();
    expect(await joining(running.url, "realm2")).toMatchObject({ uri: "wamp.error.no_such_realm" });
    await change(running, {
      realms: [{ name: "realm2", roles: [role("anonymous")] }],
      routes: { realm1: { "*": "conn1" }, realm2: { "*": "conn1" } },
    });
    const client = await joined(running.url, "realm2");
    await change(running, {});
    const [type, , uri] = await client.next();
    expect([type, uri]).toEqual([6, "wamp.close.close_realm"]);
    expect(await joining(running.url, "realm2")).toMatchObject({ uri: "wamp.error.no_such_realm" });
    await expectNothingLost(running);
  });

  test("another router is added, and the routes lead to it", async () => {
    const running = await startCalling();
    const other = routerWorker("other.sock", [{ name: "realm1", roles: [role("anonymous")] }]);
    await change(running, {
      workers: [other],
      connections: { ...running.parts.connections, conn2: connection("other.sock") },
      routes: { realm1: { "*": "conn2" } },
    });
    const client = await joined(running.url);
    client.says([48, 1, {}, "com.example.echo"]);
    // The callee is on the first router.
    expect((await client.next())[4]).toBe("wamp.error.no_such_procedure");
    await change(running, {});
    expect((await client.next())[2]).toBe("wamp.close.system_shutdown");
    const again = await joined(running.url);
    again.says([48, 1, {}, "com.example.echo", ["a"]]);
    expect(await again.next()).toEqual([50, 1, {}, ["a"]]);
    await expectNothingLost(running);
  });

  test("authmethods and principals change", async () => {
    const running = await startCalling();
    const ask = async (ticket: string) => {
      const { client, type, uri } = await joining(running.url, "realm1", {
        authmethods: ["ticket"],
        authid: "joe",
      });
      if (type !== 4) return uri;
      client.says([5, ticket, {}]);
      return (await client.next())[0] === 2 ? "joined" : "refused";
    };
    const ticket = (secret: string) => ({
      ticket: { type: "static", principals: { joe: { ticket: secret, role: "anonymous" } } },
    });
    expect(await ask("one")).toBe("wamp.error.no_auth_method");
    await change(running, { paths: { ws: webSocket(ticket("one")) } });
    expect(await ask("one")).toBe("joined");
    expect((await joining(running.url)).type).toBe(3);
    await change(running, { paths: { ws: webSocket(ticket("two")) } });
    expect([await ask("one"), await ask("two")]).toEqual(["refused", "joined"]);
    await expectNothingLost(running);
  });

  test("paths change, on connections that are open too", async () => {
    const running = await startCalling();
    const [port] = running.parts.ports;
    expect([await page(port), await page(port, "/new")]).toEqual(['"first"', '"first"']);
    const json = (value: string) => ({ type: "json", value });
    await change(running, {
      paths: { ...running.parts.paths, "/": json("next"), new: json("new") },
    });
    expect([await page(port), await page(port, "/new")]).toEqual(['"next"', '"new"']);
    await change(running, { paths: { ws: webSocket() } });
    expect(await page(port)).toBe(404);
    await expectNothingLost(running);
  });

  test("limits change, for new connections", async () => {
    const running = await startCalling();
    await change(running, { transport: { max_connections: CLIENTS + 3 } });
    await joined(running.url);
    await change(running, { transport: { max_connections: 1 } });
    expect(await wampSocket(running.url).catch(() => "refused")).toBe("refused");
    await change(running, {});
    await joined(running.url);
    await expectNothingLost(running);
  });

  test("transports are added and removed; sessions on a removed one go on", async () => {
    const running = await startCalling();
    const [, port] = running.parts.ports;
    const url = `ws://127.0.0.1:${port}/`;
    const second = { type: "websocket", endpoint: tcp(port), auth: anonymous };
    await change(running, { transports: [second] });
    const client = await joined(url);
    await change(running, {});
    expect(await wampSocket(url).catch(() => "refused")).toBe("refused");
    client.says([48, 1, {}, "com.example.echo", ["a"]]);
    expect(await client.next()).toEqual([50, 1, {}, ["a"]]);
    await expectNothingLost(running);
  });

  test.skipIf(!hasOpenssl)("TLS begins on a port, and ends", async () => {
    const running = await startCalling();
    const certificate = selfSigned(running.node.folder, "now");
    const { key, certificate: file } = certificate;
    const tls = { key, certificate: file };
    await change(running, { endpoint: { tls } });
    const [port] = running.parts.ports;
    const answer = await fetch(`https://127.0.0.1:${port}/`, { tls: trusting(certificate) });
    expect(await answer.text()).toBe('"first"');
    await change(running, {});
    expect(await page(port)).toBe('"first"');
    await expectNothingLost(running);
  });

  test("a transport becomes one of another type on the same socket", async () => {
    const running = await startCalling();
    const [, port] = running.parts.ports;
    const auth = anonymous;
    const raw = { type: "rawsocket", endpoint: tcp(port), serializers: ["json"], auth };
    await change(running, { transports: [raw] });
    expect(await page(port).catch(() => "closed")).toBe("closed");
    const universal = {
      type: "universal",
      endpoint: tcp(port),
      rawsocket: { serializers: ["json"], auth },
      web: { paths: { "/": { type: "json", value: "both" } } },
    };
    await change(running, { transports: [universal] });
    expect(await page(port)).toBe('"both"');
    await expectNothingLost(running);
  });

  test("a proxy that shares the port is added, and removed", async () => {
    const running = await startCalling();
    const endpoint = { shared: true };
    const { workers } = nodeOf({ ...running.parts, endpoint });
    const second = { ...workers[1], id: "second" };
    await change(running, { endpoint, workers: [second] });
    await running.node.untilOutput(/worker started .*second/);
    await change(running, {});
    await running.node.untilOutput(/worker stopped .*second/);
    await expectNothingLost(running);
  });
});

/** A node without clients, with these workers. */
async function startWorkers(workers: object[], files: Record<string, string> = {}) {
  const folder = temporaryFolder({ "node.json": { version: 2, workers }, ...files });
  const node = await nodeForTest(folder);
  const take = async (others: object[]) => {
    writeFileSync(join(folder, "node.json"), JSON.stringify({ version: 2, workers: others }));
    const { exitCode, text } = await reload(folder);
    expect({ exitCode, text }).toMatchObject({
      exitCode: 0,
      text: expect.stringMatching(/^Reloaded/),
    });
    return text;
  };
  return { node, folder, take };
}

describe("a reload", () => {
  test("ends a guest that has changed, and starts it again", async () => {
    const guest = (word: string) => ({
      type: "guest",
      id: "guest",
      executable: "sh",
      arguments: ["-c", `echo it says ${word}; exec sleep 1000`],
    });
    const { node, take } = await startWorkers([guest("one")]);
    await node.untilOutput(/it says one/);
    expect(await take([guest("two")])).toContain("restarted guest");
    await node.untilOutput(/it says two/);
    await node.untilOutput(/worker stopped/);
    expect(await take([])).toContain("removed guest");
  });

  test.skipIf(!hasPython)(
    "asks functions of Python in a new process, and the old one answers",
    async () => {
      const [port] = freePorts(1) as [number];
      const router = (secret: string) => ({
        type: "router",
        id: "router",
        options: { python: PYTHON, pythonpath: ["."] },
        realms: [{ name: "realm1", roles: [role("user")] }],
        transports: [
          {
            type: "websocket",
            endpoint: tcp(port),
            auth: { ticket: { type: "function", create: "asked.create", config: { secret } } },
          },
        ],
      });
      const { folder, take } = await startWorkers([router("one")], { "asked.py": ASKED });
      const url = `ws://127.0.0.1:${port}/`;
      const ask = async (ticket: string) => {
        const details = { authmethods: ["ticket"], authid: "joe" };
        const { client } = await joining(url, "realm1", details);
        client.says([5, ticket, {}]);
        return async () => (await client.next())[0];
      };
      expect(await (await ask("one"))()).toBe(2);
      const waiting = await ask("one later");
      await take([router("two")]);
      expect([await (await ask("one"))(), await (await ask("two"))()]).toEqual([3, 2]);
      writeFileSync(join(folder, "now"), "");
      expect(await waiting()).toBe(2);
    },
  );
});

/** Waits for a file at the ticket `SECRET later`. */
const ASKED = `
import os, time

def create(config, controller):
    def authenticate(realm, authid, details):
        ticket, _, later = details["ticket"].partition(" ")
        while later and not os.path.exists("now"):
            time.sleep(0.01)
        if ticket != config["secret"]:
            raise ValueError("wrong")
        return {"role": "user"}
    return authenticate
`;

describe("a reload is refused whole, and the node goes on, when", () => {
  const refused: [string, (parts: Parts) => Partial<Parts>, RegExp][] = [
    ["a value has a fault", () => ({ paths: { ws: { type: "nothing" } } }), /paths\.ws/],
    [
      "a certificate is missing",
      () => ({ endpoint: { tls: { key: "no.pem", certificate: "no.pem" } } }),
      /no\.pem/,
    ],
    [
      "a template has a fault",
      () => ({
        paths: {
          ws: webSocket(),
          wap: {
            type: "wap",
            templates: "templates",
            wamp: { realm: "realm1", authrole: "anonymous" },
            routes: [{ path: "/", method: "GET", render: "bad.html" }],
          },
        },
      }),
      /bad\.html/,
    ],
    [
      "a socket cannot be listened on",
      () => ({
        roles: [],
        transports: [
          {
            type: "websocket",
            endpoint: { type: "unix", path: "missing/ws.sock" },
            auth: anonymous,
          },
        ],
      }),
      /worker "proxy": cannot listen on ".*missing\/ws\.sock": no such folder/,
    ],
    [
      "all that run could change, but a new worker does not start",
      ({ ports: [, port] }) => ({
        roles: [],
        transports: [{ type: "websocket", endpoint: tcp(port), auth: anonymous }],
        workers: [
          {
            type: "websocket-testee",
            id: "bad",
            transport: testee({ type: "unix", path: "missing/t.sock" }),
          },
        ],
      }),
      /no such folder/,
    ],
    [
      "a new worker does not start",
      ({ ports: [, port] }) => ({
        paths: {},
        workers: [
          { type: "websocket-testee", id: "good", transport: testee(tcp(port)) },
          {
            type: "websocket-testee",
            id: "bad",
            transport: testee({ type: "unix", path: "missing/t.sock" }),
          },
        ],
      }),
      /worker "bad": cannot listen on ".*missing\/t\.sock": no such folder/,
    ],
  ];
  test.each(refused)("%s", async (_, changes, sentence) => {
    const running = await startCalling(5);
    const { node, parts } = running;
    mkdirSync(join(node.folder, "templates"));
    writeFileSync(join(node.folder, "templates/bad.html"), "{% if %}");
    write(running, { ...parts, ...changes(parts) });
    const { exitCode, text } = await reload(node.folder);
    expect(text).toMatch(sentence);
    expect(text).toMatch(/^Cannot reload "node\.json": .*; the node goes on as it is$/m);
    expect(exitCode).toBe(1);
    await joined(running.url);
    expect(await page(parts.ports[0])).toBe('"first"');
    expect(await page(parts.ports[1]).catch(() => "closed")).toBe("closed");
    await running.clients.untilAnswered();
    expect((await running.clients.stop()).lost).toEqual([]);
  });

  test("the file is no JSON, or has gone, or changes what needs a restart", async () => {
    const running = await startCalling(5);
    const { folder } = running.node;
    const file = join(folder, "node.json");
    writeFileSync(file, "{");
    expect((await reload(folder)).exitCode).toBe(1);
    const { workers } = nodeOf(running.parts);
    writeFileSync(file, JSON.stringify({ version: 2, controller: { id: "other" }, workers }));
    const { exitCode, text } = await reload(folder);
    expect(text).toContain("controller.id has changed, which needs a restart of the node");
    expect(exitCode).toBe(1);
    rmSync(file);
    running.node.kill("SIGHUP");
    await running.node.untilOutput(/no such file[\s\S]*configuration not reloaded/);
    expect((await running.clients.stop()).lost).toEqual([]);
  });
});

describe("a node", () => {
  test("skips a file without a change, unless it is forced", async () => {
    const { node } = await startCalling(1);
    const { exitCode, text } = await reload(node.folder);
    expect(text).toStartWith("Nothing to reload:");
    expect(exitCode).toBe(0);
    expect(await reload(node.folder, "--force")).toMatchObject({
      exitCode: 0,
      text: expect.stringContaining("changed router_router, proxy"),
    });
  });

  test("takes its configuration again at SIGHUP, and at a worker's restart", async () => {
    const running = await startCalling(1);
    const [port] = running.parts.ports;
    write(running, { ...running.parts, paths: { "/": { type: "json", value: "next" } } });
    running.node.kill("SIGHUP");
    await running.node.untilOutput(/configuration reloaded/);
    expect(await page(port)).toBe('"next"');
    process.kill(workerPids(running.node.output())["proxy"] ?? 0, "SIGKILL");
    await running.node.untilOutput(/worker died/);
    const again = async (): Promise<unknown> =>
      page(port).catch(async () => {
        await Bun.sleep(20);
        return again();
      });
    expect(await again()).toBe('"next"');
  });

  test("is not ended by signals without a use", async () => {
    const { node, clients } = await startCalling(1);
    const pids = [node.pid, ...Object.values(workerPids(node.output()))];
    const signals = ["SIGQUIT", "SIGALRM", "SIGVTALRM", "SIGIO", "SIGXCPU"] as const;
    for (const signal of signals) {
      const before = node.output().length;
      for (const pid of pids) process.kill(pid, signal);
      await node.untilOutput(new RegExp(`signal has no effect .*${signal}`), before);
    }
    await clients.untilAnswered();
    expect((await clients.stop()).lost).toEqual([]);
  });

  test("is not found in a folder where none runs", async () => {
    const folder = temporaryFolder({ "node.json": nodeOf(partsOf([1, 2])) });
    const { exitCode, text } = await reload(folder);
    expect(text).toMatch(/^Cannot reload the node in ".*": no node runs there/);
    expect(exitCode).toBe(1);
  });
});
