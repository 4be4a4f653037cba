/** WAMP over HTTP long polling through the built binary: Autobahn on one worker and on two of one port. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { startCrossbar } from "../support/crossbar-router.ts";
import { PollClient, poll } from "../support/longpoll-client.ts";
import { post } from "../support/raw-http.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { freePorts, startNode, type TemporaryNode, workerPids } from "../support/temporary-node.ts";
import { dial, type OctetClient } from "../support/universal-transport.ts";
import {
  hasPython,
  joinAutobahn,
  joinAutobahn26,
  type WampClient,
} from "../support/wamp-clients.ts";
import { webAt, webProxy, webRouter } from "../support/web-workers.ts";
import { provideXmlHttpRequest } from "../support/xml-http-request.ts";

provideXmlHttpRequest();

const [sharedPort = 0, routerPort = 0, crossbarPort = 0, crossbarProxyPort = 0] = freePorts(4);

const anonymous = { anonymous: { type: "static", role: "anonymous" } };
const ticket = {
  ticket: { type: "static", principals: { joe: { ticket: "s3cret", role: "anonymous" } } },
  cookie: {},
};
const paths = {
  ws: { type: "websocket", auth: anonymous },
  lp: { type: "longpoll", auth: anonymous, options: { request_timeout: 2 } },
  login: {
    type: "longpoll",
    auth: ticket,
    cookie: { store: { type: "file", filename: "cookies" } },
    options: { allowed_origins: ["https://a.example"] },
  },
};
const shared = () => webProxy(webAt(sharedPort, paths, { shared: true }));
const workers = [webRouter(webAt(routerPort, paths)), shared(), shared()];

let node: TemporaryNode;
/** The folder for temporary files of the node. */
let scratch: string;

beforeAll(async () => {
  const folder = temporaryFolder({ "node.json": { version: 2, workers } });
  scratch = temporaryFolder();
  const before = process.env["TMPDIR"];
  process.env["TMPDIR"] = scratch;
  node = await startNode(folder);
  if (before === undefined) delete process.env["TMPDIR"];
  else process.env["TMPDIR"] = before;
}, 30_000);
afterAll(() => node.stop());

/** Both clients call, are called, publish and subscribe; each leaves in good order. */
async function exchange(polling: WampClient, other: WampClient): Promise<void> {
  const procedure = `com.example.echo.${crypto.randomUUID()}`;
  const topic = `com.example.topic.${crypto.randomUUID()}`;
  const events: unknown[][] = [];
  const all = Promise.withResolvers<void>();
  await polling.subscribe(topic, (args) => {
    events.push(args);
    if (events.length === 10) all.resolve();
  });
  for (let index = 0; index < 10; index += 1) await other.publish(topic, [index, "Grüße"]);
  await all.promise;
  expect(events).toEqual(Array.from({ length: 10 }, (_, index) => [index, "Grüße"]));
  await polling.registerEcho(procedure);
  expect(await other.call(procedure, [1, "a", null])).toEqual([1, "a", null]);
  await other.registerEcho(`${procedure}.other`);
  const calls = Array.from({ length: 10 }, (_, index) =>
    polling.call(`${procedure}.other`, [index]),
  );
  expect(await Promise.all(calls)).toEqual(Array.from({ length: 10 }, (_, index) => [index]));
  await polling.leave();
  await other.leave();
}

describe.each([
  ["22", joinAutobahn],
  ["26", joinAutobahn26],
] as const)("Autobahn %s", (_, join) => {
  test.each([
    ["a router", () => routerPort],
    ["two proxies on one port", () => sharedPort],
  ])(
    "calls, registers, publishes and subscribes through %s",
    async (_where, portOf) => {
      const port = portOf();
      const polling = await join(`http://127.0.0.1:${port}/lp`, "json");
      expect(polling.identity).toMatchObject({ realm: "realm1", authmethod: "anonymous" });
      await exchange(polling, await join(`ws://127.0.0.1:${port}/ws`, "json"));
    },
    30_000,
  );

  test("joins with a ticket", async () => {
    const url = `http://127.0.0.1:${sharedPort}/login`;
    const client = await join(url, "json", { authid: "joe", ticket: "s3cret" });
    expect(client.identity).toMatchObject({ authid: "joe", authmethod: "ticket" });
    await client.leave();
    const wrong = join(url, "json", { authid: "joe", ticket: "wrong" });
    expect(wrong).rejects.toThrow("wamp.error.authentication_denied");
    await wrong.catch(() => {});
  });
});

/** The connections between the workers of the node over the sockets in its folder. */
function handedOver(): number {
  const lines = readFileSync("/proc/net/unix", "utf8").split("\n");
  // State 03 is that of a connection.
  return lines.filter((line) => line.includes(scratch) && line.split(/ +/)[5] === "03").length;
}

test("requests that reach another worker than their own are handed over to that one", async () => {
  const clients = await Promise.all(Array.from({ length: 16 }, () => PollClient.open(sharedPort)));
  for (const client of clients) {
    await client.join();
    await client.says([32, 1, {}, "com.example.shared"]);
    expect(await client.next()).toEqual([33, 1, expect.any(Number)]);
  }
  const waiting = clients.map((client) => client.next());
  // Each of the 16 has reached one of two workers, by chance.
  while (handedOver() === 0) await new Promise((resolve) => setImmediate(resolve));
  const [first] = clients;
  await first?.says([16, 2, { exclude_me: false }, "com.example.shared", ["Grüße"]]);
  for (const [type, , , , args] of await Promise.all(waiting)) {
    expect([type, args]).toEqual([36, ["Grüße"]]);
  }
  for (const client of clients) expect((await client.post("close")).status).toBe(204);
});

test.each(["json", "msgpack", "cbor"])("several messages in a batch of %s", async (serializer) => {
  const { encodeMessage, decodeMessage } = await import("#wamp/serializer/message-values.ts");
  const name = serializer as "json" | "msgpack" | "cbor";
  const client = await PollClient.open(sharedPort, [`wamp.2.${serializer}.batched`]);
  const batch = (...messages: unknown[][]) =>
    Buffer.concat(
      messages.flatMap((message) => {
        const octets = encodeMessage(message, name);
        const length = Buffer.alloc(4);
        length.writeUInt32BE(octets.length);
        return name === "json" ? [octets, Buffer.of(0x1e)] : [length, octets];
      }),
    );
  await client.post("send", batch([1, "realm1", { roles: { subscriber: {} } }]));
  await client.post("receive");
  const sent = batch([32, 1, {}, "com.example.a"], [32, 2, {}, "com.example.b"]);
  expect((await client.post("send", sent)).status).toBe(204);
  const answers: unknown[][] = [];
  while (answers.length < 2) {
    let { body } = await client.post("receive");
    while (body.length > 0) {
      const end = name === "json" ? body.indexOf(0x1e) : 4 + body.readUInt32BE();
      answers.push(decodeMessage(body.subarray(name === "json" ? 0 : 4, end), name));
      body = body.subarray(name === "json" ? end + 1 : end);
    }
  }
  expect(answers.map(([type, request]) => [Number(type), Number(request)])).toEqual([
    [33, 1],
    [33, 2],
  ]);
  await client.post("close");
});

test("a cookie is a login from then on, through every worker", async () => {
  const body = '{"protocols":["wamp.2.json"]}';
  const headers = { Origin: "https://a.example" };
  const first = await poll(sharedPort, "/login/open", body, { headers });
  const [cookie = ""] = first.headers["set-cookie"] ?? [];
  const { transport } = JSON.parse(first.text);
  const ask = (name: string, message: unknown[] | null, id: string) =>
    poll(sharedPort, `/login/${id}/${name}`, message === null ? "" : JSON.stringify(message));
  await ask(
    "send",
    [1, "realm1", { roles: { caller: {} }, authmethods: ["ticket"], authid: "joe" }],
    transport,
  );
  expect(JSON.parse((await ask("receive", null, transport)).text)).toEqual([4, "ticket", {}]);
  await ask("send", [5, "s3cret", {}], transport);
  expect(JSON.parse((await ask("receive", null, transport)).text)[0]).toBe(2);
  const again = await poll(sharedPort, "/login/open", body, {
    headers: { ...headers, Cookie: cookie.split(";")[0] ?? "" },
  });
  const { transport: second } = JSON.parse(again.text);
  await ask("send", [1, "realm1", { roles: { caller: {} }, authmethods: ["cookie"] }], second);
  const [type, , details] = JSON.parse((await ask("receive", null, second)).text);
  expect([type, details]).toEqual([
    2,
    expect.objectContaining({ authid: "joe", authprovider: "cookie" }),
  ]);
  for (const id of [transport, second]) await ask("close", null, id);
});

test("a client whose router has nothing to say receives in vain", async () => {
  const client = await PollClient.open(sharedPort);
  await client.join();
  expect((await client.post("receive")).status).toBe(204);
  await client.post("close");
});

test("a refused client gets ABORT, and then learns that the session has ended", async () => {
  const client = await PollClient.open(sharedPort);
  const [type, , uri] = await client.join("realm9");
  expect([type, uri]).toEqual([3, "wamp.error.no_such_realm"]);
  expect((await client.post("receive")).status).toBe(410);
  expect((await client.post("receive")).status).toBe(404);
});

test("a worker that is killed takes its transports with it, and no other", async () => {
  const pids = workerPids(node.output());
  const [worker = "", pid = 0] = Object.entries(pids).at(-1) ?? [];
  const all = await Promise.all(Array.from({ length: 16 }, () => PollClient.open(sharedPort)));
  for (const client of all) await client.join();
  const from = node.output().length;
  process.kill(pid, "SIGKILL");
  await node.untilOutput(/worker died/, from);
  await node.untilOutput(new RegExp(`worker started.*id=${worker}`), from);
  // Each worker names itself in the first 16 digits.
  const statuses = new Map<string, Set<number>>();
  for (const client of all) {
    const { status } = await client.post("send", JSON.stringify([32, 1, {}, "com.example.a"]));
    const named = client.id.slice(0, 16);
    statuses.set(named, (statuses.get(named) ?? new Set()).add(status));
  }
  const found = [...statuses.values()].map((set) => [...set].toSorted());
  expect(found).toHaveLength(2);
  expect(found.filter((set) => set.length === 1 && set[0] === 204)).toHaveLength(1);
  expect(found.flat().every((status) => [204, 404, 502].includes(status))).toBe(true);
}, 30_000);

/** HELLO, and what is received within a second: a status, and the type of the message. */
async function hello(port: number): Promise<(number | string)[]> {
  const client = await PollClient.open(port);
  const sent = await client.says([1, "realm1", { roles: { caller: {} } }]);
  const signal = AbortSignal.timeout(1_000);
  const received = await client.post("receive", "", { signal }).catch(() => "nothing");
  if (typeof received === "string") return [sent, received];
  return [sent, received.status, JSON.parse(received.text)[0]];
}

test.if(hasPython)(
  "Crossbar opens a transport, and sends no WELCOME",
  async () => {
    const folder = temporaryFolder();
    const web = (port: number) =>
      webAt(port, { "/": { type: "json", value: 1 }, lp: { type: "longpoll" } });
    const workers = [webRouter(web(crossbarPort)), webProxy(web(crossbarProxyPort))];
    const text = JSON.stringify({ version: 2, workers }).replaceAll(
      '"router.sock"',
      JSON.stringify(`${folder}/router.sock`),
    );
    const crossbar = await startCrossbar(folder, JSON.parse(text));
    try {
      expect(await hello(crossbarPort)).toEqual([400, "nothing"]);
      expect(await hello(crossbarProxyPort)).toEqual([204, "nothing"]);
      expect(await hello(routerPort)).toEqual([204, 200, 2]);
      expect(await hello(sharedPort)).toEqual([204, 200, 2]);
    } finally {
      await crossbar.stop();
    }
  },
  180_000,
);

test("the end of the node is told through every worker, and leaves no socket", async () => {
  const receivers = await Promise.all(Array.from({ length: 8 }, beginReceiver));
  expect(readdirSync(scratch)).toEqual([expect.stringMatching(/^crossproxy-[0-9a-f]{16}$/)]);
  const stopped = node.stop();
  for (const receiver of receivers) {
    expect(await receiver.until("}")).toContain("wamp.close.system_shutdown");
  }
  expect(await stopped).toBe(0);
  expect(readdirSync(scratch)).toEqual([]);
});

/** A joined client that waits for a message. */
async function beginReceiver(): Promise<OctetClient> {
  const client = await PollClient.open(sharedPort);
  await client.join();
  // The second receive is read right behind the answer to the first.
  const receive = post(`/lp/${client.id}/receive`, "", { Connection: "keep-alive" });
  const receiver = await dial(sharedPort).send(receive + receive);
  await client.says([32, 1, {}, "com.example.a"]);
  await receiver.until("[33,1,");
  return receiver;
}
