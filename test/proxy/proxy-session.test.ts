import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import type { BufferOptions } from "#config/options/session-config.ts";
import type { SerializerName } from "#wamp/serializer-name.ts";
import { FakePeer } from "../support/fake-peer.ts";
import { keptLog } from "../support/kept-log.ts";
import { connectionTo, startProxy } from "../support/proxy-worker.ts";
import { type ScriptedRouterOptions, scriptedRouter } from "../support/scripted-router.ts";
import { sessionHarness } from "../support/session-harness.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { webSocketTransport } from "../support/transports.ts";
import { wampSocket } from "../support/wamp-socket.ts";

const folder = temporaryFolder();

let count = 0;
const buffers = { max_message_size: 65_536, max_buffered: 65_536, stall_timeout: 100 };

/** A proxy with one WebSocket transport in front of a scripted router; what it logged is kept. */
async function start(
  routerOptions: ScriptedRouterOptions = {},
  changes: Partial<BufferOptions> = {},
) {
  const path = join(folder, `router${count++}.sock`);
  const router = await scriptedRouter(path, routerOptions);
  const { log, logged } = keptLog("error", "warn");
  const connections = { router: connectionTo("router", path, routerOptions) };
  const transport = webSocketTransport({ ...buffers, ...changes }, { backend: "router" });
  const worker = await startProxy({ connections, transports: [transport] }, { log });
  return { url: worker.url, router, logged, worker };
}

async function joined(proxy: Awaited<ReturnType<typeof start>>, serializer?: SerializerName) {
  const client = await wampSocket(proxy.url, serializer);
  client.says([1, "realm1", { roles: { caller: {}, subscriber: {} } }]);
  const router = await proxy.router.session();
  await router.welcome();
  expect((await client.next())[0]).toBe(2);
  return { client, router };
}

const long = "x".repeat(20_000);

describe("a side that does not keep up", () => {
  test("a client that never reads loses its session, and no other session notices", async () => {
    const proxy = await start();
    const slow = await joined(proxy);
    const other = await joined(proxy);
    slow.client.socket.pause();
    // More than the system's own buffers take, so that something has to wait in the proxy.
    for (let sent = 0; sent < 1000; sent++) slow.router.says([36, 1, sent, {}, [long]]);
    expect(await slow.router.next()).toEqual([6, {}, "crossproxy.close.client_stalled"]);
    other.router.says([36, 1, 2, {}, ["still here"]]);
    expect(await other.client.next()).toEqual([36, 1, 2, {}, ["still here"]]);
    expect(proxy.logged[0]?.[0]).toBe("session closed: the client did not read");
    expect(proxy.logged[0]?.[1]?.["stalled"]).toBe(1);
  });

  test("a router that never reads loses the session; the client is told", async () => {
    const proxy = await start();
    const { client, router } = await joined(proxy);
    router.stopReading();
    for (let sent = 0; sent < 200; sent++) client.says([48, sent, {}, "a", [long]]);
    expect(await client.next()).toEqual([
      6,
      { message: "The router did not read in time" },
      "crossproxy.close.router_stalled",
    ]);
    client.says([6, {}, "wamp.close.goodbye_and_out"]);
    expect((await client.closed).code).toBe(1001);
  });

  test("pings are answered while the router takes nothing", async () => {
    const proxy = await start({}, { stall_timeout: 0, max_buffered: 2 ** 20 });
    const { client, router } = await joined(proxy);
    router.stopReading();
    for (let sent = 0; sent < 75; sent++) client.says([48, sent, {}, "a", [long]]);
    const pong = new Promise((resolve) => client.socket.addEventListener("pong", resolve));
    client.socket.ping();
    await pong;
  });

  test("everything arrives, in order, once a client that was behind reads again", async () => {
    const proxy = await start({}, { stall_timeout: 0 });
    const { client, router } = await joined(proxy);
    client.socket.pause();
    let sent = 0;
    const publish = () => router.says([36, 1, sent++, {}, [long]]);
    // Answers show that the proxy has time to read, and that it reads the client meanwhile.
    const roundTrips = async () => {
      for (let count = 0; count < 20; count++) {
        client.says([48, 1, {}, "a"]);
        await router.next();
      }
    };
    while (router.bufferedOctets === 0) {
      expect(sent).toBeLessThan(2000);
      for (let count = 0; count < 50; count++) publish();
      await roundTrips();
    }
    client.socket.resume();
    for (let event = 0; event < sent; event++) expect((await client.next())[2]).toBe(event);
  });
});

test("a client that takes nothing stops its router, which is read on when it takes all", async () => {
  const harness = await sessionHarness({ options: buffers });
  const client = new FakePeer();
  const session = harness.begin(client);
  session.onMessage(Buffer.from('[1,"realm1",{"roles":{"caller":{}}}]'));
  const router = await harness.router.session();
  await router.welcome();
  expect((await client.next())[0]).toBe(2);
  client.takes = false;
  for (let sent = 0; sent < 500; sent++) router.says([36, 1, sent, {}, [long]]);
  for (let sent = 0; sent < 7; sent++) expect((await client.next())[2]).toBe(sent);
  expect(client.sent).toEqual([]);
  client.takes = true;
  client.bufferedOctets = 0;
  session.onDrain();
  for (let sent = 7; sent < 500; sent++) expect((await client.next())[2]).toBe(sent);
});

test("a router that reads on has everything of its client", async () => {
  const proxy = await start({}, { stall_timeout: 0 });
  const { client, router } = await joined(proxy);
  router.stopReading();
  for (let sent = 0; sent < 500; sent++) client.says([48, sent, {}, "a", [long]]);
  router.says([36, 1, 2, {}]);
  expect((await client.next())[0]).toBe(36);
  router.readOn();
  for (let sent = 0; sent < 500; sent++) expect((await router.next())[1]).toBe(sent);
});

describe("a message beyond a limit", () => {
  test("a CALL longer than max_message_size is answered and the session goes on", async () => {
    const proxy = await start();
    const { client, router } = await joined(proxy);
    client.says([48, 1, {}, "a", ["x".repeat(70_000)]]);
    const sentence = "Cannot carry message: longer than max_message_size";
    const error = [8, 48, 1, {}, "wamp.error.payload_size_exceeded", [sentence]];
    expect(await client.next()).toEqual(error);
    client.says([48, 2, {}, "a"]);
    expect(await router.next()).toEqual([48, 2, {}, "a"]);
  });

  test("a PUBLISH longer than max_message_size closes with 1009", async () => {
    const proxy = await start();
    const { client } = await joined(proxy);
    client.says([16, 1, {}, "a", ["x".repeat(70_000)]]);
    expect((await client.closed).code).toBe(1009);
  });

  test("a HELLO longer than max_message_size closes with 1009", async () => {
    const proxy = await start();
    const client = await wampSocket(proxy.url);
    client.says([1, "realm1", { roles: { caller: {} }, x: "x".repeat(70_000) }]);
    expect((await client.closed).code).toBe(1009);
  });

  test("a message of more than twice max_message_size closes with 1009", async () => {
    const proxy = await start();
    const { client } = await joined(proxy);
    client.says([48, 1, {}, "a", ["x".repeat(140_000)]]);
    expect((await client.closed).code).toBe(1009);
  });

  test("a CALL longer than the router takes is answered", async () => {
    const proxy = await start({ max_message_size: 512 });
    const { client } = await joined(proxy);
    client.says([48, 1, {}, "a", ["x".repeat(600)]]);
    expect((await client.next())[4]).toBe("wamp.error.payload_size_exceeded");
  });

  test("a PUBLISH longer than the router takes ends the session with a reason", async () => {
    const proxy = await start({ max_message_size: 512 });
    const { client } = await joined(proxy);
    client.says([16, 1, {}, "a", ["x".repeat(600)]]);
    const message = expect.stringContaining("longer than the 512 octets");
    expect(await client.next()).toEqual([6, { message }, "wamp.error.payload_size_exceeded"]);
    expect((await client.closed).code).toBe(1009);
  });
});

test("an event that a client cannot be told is left out, logged and counted", async () => {
  const proxy = await start();
  const { client, router } = await joined(proxy);
  router.says([36, 1, 2, {}, [Number.NaN]]);
  router.says([36, 1, 3, {}, [1]]);
  expect(await client.next()).toEqual([36, 1, 3, {}, [1]]);
  expect(proxy.logged).toHaveLength(1);
  expect(proxy.logged[0]?.[0]).toBe("message left out");
  expect(proxy.logged[0]?.[1]).toMatchObject({
    towards: "client",
    uri: "wamp.error.invalid_argument",
  });
});

describe("a join that is passed through", () => {
  const trusted = {
    roles: { caller: {} },
    authmethods: ["anonymous-proxy"],
    authextra: { proxy_realm: "realm1", proxy_authid: "root", proxy_authrole: "admin" },
  };

  test.each(["json", "cbor", "msgpack"] as const)(
    "never asks the router in %s to take a client for a proxy",
    async (serializer) => {
      const proxy = await start();
      const client = await wampSocket(proxy.url, serializer);
      client.says([1, "realm1", trusted]);
      const message = "Cannot authenticate: no suitable authmethod found";
      expect(await client.next()).toEqual([3, { message }, "wamp.error.no_auth_method"]);
    },
  );

  test.each([
    ["escapes", '{"authmethods":["anonymous\\u002dproxy"]}'],
    ["a second key", '{"authmethods":["anonymous-proxy"],"authmethods":["anonymous"]}'],
  ])("is not deceived by %s", async (_, details) => {
    const proxy = await start({ serializer: "json" });
    const client = await wampSocket(proxy.url);
    client.socket.send(`[1,"realm1",${details}]`);
    expect((await client.next())[2]).toBe("wamp.error.no_auth_method");
  });

  test.each([
    ["a text in chunks", "a16b617574686d6574686f6473 81 7f 6a616e6f6e796d6f75732d 6570726f7879 ff"],
    ["a tag", "a16b617574686d6574686f6473 d81c 81 6f616e6f6e796d6f75732d70726f7879"],
    ["octets", "a16b617574686d6574686f6473 81 4f616e6f6e796d6f75732d70726f7879"],
    ["a key", "a170 63727970746f7369676e2d70726f7879 f6"],
  ])("is not deceived by %s in CBOR", async (_, details) => {
    const proxy = await start();
    const client = await wampSocket(proxy.url, "cbor");
    const hello = `83 01 667265616c6d31 ${details}`;
    client.socket.send(Buffer.from(hello.replaceAll(" ", ""), "hex"));
    expect((await client.next())[2]).toBe("wamp.error.no_auth_method");
  });

  test("forwards a HELLO in CBOR as it is, with values that JSON lacks", async () => {
    const proxy = await start();
    const client = await wampSocket(proxy.url, "cbor");
    client.says([1, "realm1", { roles: { caller: {} }, authextra: { x: Number.NaN } }]);
    const router = await proxy.router.session();
    expect((await router.next())[2]).toMatchObject({ authextra: { x: Number.NaN } });
  });

  test("forwards a HELLO in CBOR with a tag", async () => {
    const proxy = await start();
    const client = await wampSocket(proxy.url, "cbor");
    // A time in authextra, which the router of this test cannot decode.
    const hello =
      "8301667265616c6d31a265726f6c6573a16663616c6c6572a0696175746865787472 61a16174c100";
    client.socket.send(Buffer.from(hello.replaceAll(" ", ""), "hex"));
    const router = await proxy.router.session();
    await expect(router.next()).rejects.toThrow("CBOR tag 1");
  });

  test("is refused when HELLO cannot be told to the router", async () => {
    const proxy = await start({ serializer: "json" });
    const client = await wampSocket(proxy.url, "cbor");
    client.says([1, "realm1", { roles: { caller: {} }, authextra: { x: Number.NaN } }]);
    const answer = await client.next();
    expect([answer[0], answer[2]]).toEqual([3, "wamp.error.invalid_argument"]);
  });

  test("ends when a WELCOME cannot be told to the client", async () => {
    const proxy = await start();
    const client = await wampSocket(proxy.url);
    client.says([1, "realm1", { roles: { caller: {} } }]);
    const router = await proxy.router.session();
    await router.next();
    router.says([2, 7, { x: Number.NaN }]);
    expect((await client.next())[0]).toBe(3);
    await router.closed.promise;
  });

  test.each([
    ["ABORT", [3, {}, "wamp.error.authentication_failed"], [], 1000],
    ["GOODBYE", [6, {}, "wamp.close.normal"], [3, {}, "wamp.error.protocol_violation"], 1002],
  ])("is given up by the client's %s", async (_, message, answer, code) => {
    const proxy = await start();
    const client = await wampSocket(proxy.url);
    client.says([1, "realm1", { roles: { caller: {} } }]);
    const router = await proxy.router.session();
    await router.next();
    client.says(message);
    if (answer.length > 0) expect(await client.next()).toMatchObject(answer);
    expect((await client.closed).code).toBe(code);
    await router.closed.promise;
  });

  test("is refused with a sentence when the router hangs up", async () => {
    const proxy = await start();
    const client = await wampSocket(proxy.url);
    client.says([1, "realm1", { roles: { caller: {} } }]);
    const router = await proxy.router.session();
    await router.next();
    router.hangUp();
    expect(await client.next()).toEqual([
      3,
      { message: "Cannot join: the router ended the connection" },
      "wamp.error.network_failure",
    ]);
  });
});

describe("a joined session", () => {
  test("leaves with GOODBYE and joins again on the same connection", async () => {
    const proxy = await start();
    const { client, router } = await joined(proxy);
    client.says([6, {}, "wamp.close.normal"]);
    expect(await router.next()).toEqual([6, {}, "wamp.close.normal"]);
    router.says([6, {}, "wamp.close.goodbye_and_out"]);
    expect(await client.next()).toEqual([6, {}, "wamp.close.goodbye_and_out"]);
    client.says([1, "realm1", { roles: { caller: {} } }]);
    await (await proxy.router.session()).welcome(8);
    expect((await client.next()).slice(0, 2)).toEqual([2, 8]);
  });

  test("is sent what its router sends together with WELCOME, also its end", async () => {
    const proxy = await start();
    const client = await wampSocket(proxy.url);
    client.says([1, "realm1", { roles: { caller: {} } }]);
    const router = await proxy.router.session();
    await router.welcome(7);
    router.says([36, 1, 2, {}, ["an event"]]);
    router.says([6, {}, "wamp.close.killed"]);
    expect((await client.next()).slice(0, 2)).toEqual([2, 7]);
    expect(await client.next()).toEqual([36, 1, 2, {}, ["an event"]]);
    expect(await client.next()).toEqual([6, {}, "wamp.close.killed"]);
  });

  test("is told the router's reason when the router says GOODBYE", async () => {
    const proxy = await start();
    const { client, router } = await joined(proxy);
    router.says([6, { message: "bye" }, "wamp.close.killed"]);
    expect(await client.next()).toEqual([6, { message: "bye" }, "wamp.close.killed"]);
    client.says([6, {}, "wamp.close.goodbye_and_out"]);
    expect((await client.closed).code).toBe(1001);
  });

  test("is told that the router is gone", async () => {
    const proxy = await start();
    const { client, router } = await joined(proxy);
    router.hangUp();
    expect(await client.next()).toEqual([
      6,
      { message: "The connection of this session to the router ended" },
      "wamp.close.system_shutdown",
    ]);
  });

  test("is answered when the router does not answer its GOODBYE", async () => {
    const proxy = await start();
    const { client, router } = await joined(proxy);
    client.says([6, {}, "wamp.close.normal"]);
    await router.next();
    expect(await client.next()).toEqual([6, {}, "wamp.close.goodbye_and_out"]);
  });

  test.each([
    ["HELLO", [1, "realm1", { roles: { caller: {} } }]],
    ["WELCOME", [2, 1, {}]],
    ["AUTHENTICATE", [5, "x", {}]],
    ["message type 0", [0, 1]],
    ["message type 99", [99, 1]],
  ])("ends with a protocol violation at %s", async (name, message) => {
    const proxy = await start();
    const { client, router } = await joined(proxy);
    client.says(message);
    expect(await client.next()).toEqual([
      3,
      { message: expect.stringContaining(name) },
      "wamp.error.protocol_violation",
    ]);
    expect((await client.closed).code).toBe(1002);
    expect((await router.next())[0]).toBe(6);
  });

  test("goes on when the router is sent what it cannot be told, and ends when it is no WAMP", async () => {
    const proxy = await start({ serializer: "msgpack" });
    const { client } = await joined(proxy, "cbor");
    client.says([48, 1, {}, "a", [2n ** 70n]]);
    expect((await client.next())[4]).toBe("wamp.error.invalid_argument");
    client.socket.send(Uint8Array.of(0x85, 0x18, 0x30));
    expect((await client.next())[2]).toBe("wamp.error.protocol_violation");
  });
});
