/**
 * Clients and routers that violate the protocol or do not answer: each peer gets an answer in time, other
 * sessions continue, and neither a session nor a file descriptor is left.
 */

import { describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { encodeMessage } from "#wamp/serializer/message-values.ts";
import type { ScriptedClient } from "../support/scripted-client.ts";
import {
  type HarnessOptions,
  type SilentSide,
  sessionHarness,
  TRANSPORTS,
} from "../support/session-harness.ts";

type Harness = Awaited<ReturnType<typeof sessionHarness>>;

/** How often each of them comes. */
const TIMES = 20;

const HELLO = [1, "realm1", { roles: { caller: {} } }];
const violated = "wamp.error.protocol_violation";
const joinFailed = (message: string) => [3, { message }, "wamp.error.network_failure"];

const descriptors = () => readdirSync("/proc/self/fd").length;

/** A session beside the others, through which an event still comes. */
async function bystander(current: Harness) {
  const client = await current.connect("patient");
  client.says(HELLO);
  const router = await current.router.session();
  await router.welcome(1);
  expect((await client.next())?.[0]).toBe(2);
  return {
    async isWell() {
      client.says([48, 1, {}, "com.example.procedure"]);
      expect(await router.next()).toEqual([48, 1, {}, "com.example.procedure"]);
      router.says([50, 1, {}, ["fine"]]);
      expect(await client.next()).toEqual([50, 1, {}, ["fine"]]);
    },
  };
}

/** Runs one misbehaviour many times beside a session that behaves, and looks what is left. */
async function many(options: HarnessOptions, once: (current: Harness) => Promise<void>) {
  const current = await sessionHarness(options);
  const beside = await bystander(current);
  // What a process opens the first time, it keeps.
  await once(current);
  while (current.sessions.size > 1) await Bun.sleep(5);
  const before = descriptors();
  for (let time = 0; time < TIMES; time++) await once(current);
  await beside.isWell();
  while (current.sessions.size > 1 || descriptors() > before) await Bun.sleep(5);
  expect(current.logged.filter(([level]) => level === "error")).toEqual([]);
}

describe.each(TRANSPORTS)("a client over %s that", (transport) => {
  const wrong = expect.stringMatching(/^wamp\.error\.(protocol_violation|invalid_argument)$/);
  const refused = async (client: ScriptedClient, code = 1002) => {
    expect(await client.rest()).toEqual([[3, { message: expect.anything() }, wrong]]);
    expect(await client.closed).toBe(transport === "websocket" ? code : null);
  };

  test.each<[string, (client: ScriptedClient) => void]>([
    ["floods with HELLO", (client) => client.says(...Array.from({ length: 500 }, () => HELLO))],
    ["calls behind its HELLO", (client) => client.says(HELLO, [48, 1, {}, "a"])],
    ["says AUTHENTICATE behind its HELLO", (client) => client.says(HELLO, [5, "x", {}])],
    ["says AUTHENTICATE first", (client) => client.says([5, "x", {}], HELLO)],
    ["says HELLO without details", (client) => client.says([1, "realm1"])],
    ["says HELLO without roles", (client) => client.says([1, "realm1", {}])],
    ["says HELLO with no role of a client", (client) => client.says([1, "realm1", { roles: {} }])],
    ["says HELLO with a list of roles", (client) => client.says([1, "realm1", { roles: ["x"] }])],
    ["says HELLO without a realm", (client) => client.says([1])],
    ["says HELLO to the realm 7", (client) => client.says([1, 7, {}])],
    ["says HELLO with a list of details", (client) => client.says([1, "realm1", []])],
    ["says HELLO nested 2000 deep", (client) => client.sends(nestedHello(client))],
    ["says half a HELLO in a whole frame", (client) => client.sends(halfHello(client))],
    ["says the empty message", (client) => client.sends(new Uint8Array())],
    ["says the empty list", (client) => client.says([])],
    ["says a type that is no number", (client) => client.says(["HELLO", "realm1", {}])],
  ])("%s is refused", (_, misbehaves) =>
    many({}, async (current) => {
      const client = await current.connect(transport);
      misbehaves(client);
      await refused(client);
    }),
  );

  test.each<[string, (client: ScriptedClient) => void]>([
    ["sends a router's EVENT", (client) => client.says([36, 1, 2, {}])],
    ["sends ERROR for a CALL", (client) => client.says([8, 48, 1, {}, "com.example.no"])],
    ["calls without an id", (client) => client.says([48, null, {}, "com.example.procedure"])],
    ["calls with an id of 20,000 digits", (client) => client.sends(longId(client))],
  ])("joins and %s is refused, and its router is not sent it", (_, misbehaves) =>
    many({}, async (current) => {
      const client = await current.connect(transport);
      client.says(HELLO);
      const router = await current.router.session();
      await router.welcome();
      expect((await client.next())?.[0]).toBe(2);
      misbehaves(client);
      const abort = [3, { message: expect.stringMatching(/^Cannot accept /) }, violated];
      expect(await client.rest()).toEqual([abort]);
      expect(await router.next()).toEqual([6, {}, "wamp.close.close_realm"]);
    }),
  );

  test.each<[string, unknown[]]>([
    ["sends a client's CALL", [48, 1, {}, "com.example.procedure"]],
    ["sends ERROR for an INVOCATION", [8, 68, 1, {}, "com.example.no"]],
    ["answers without an id", [50, null, {}]],
  ])("is told that its router %s", (_, message) =>
    many({}, async (current) => {
      const client = await current.connect(transport);
      client.says(HELLO);
      const router = await current.router.session();
      await router.welcome();
      expect((await client.next())?.[0]).toBe(2);
      router.says(message);
      const sentence = "The router sent a message that it may not send";
      expect(await client.next()).toEqual([6, { message: sentence }, violated]);
      client.says([6, {}, "wamp.close.goodbye_and_out"]);
      expect(await client.rest()).toEqual([]);
    }),
  );

  test("answers one CHALLENGE twice is refused, be the first answer right or wrong", () => {
    const principals = { joe: { ticket: "secret1", role: "user" } };
    const auth = {
      anonymous: { type: "static" as const, role: "anonymous" },
      ticket: { type: "static" as const, principals },
    };
    return many({ auth }, async (current) => {
      for (const first of ["secret1", "wrong"]) {
        const client = await current.connect(transport);
        client.says([
          1,
          "realm1",
          { roles: { caller: {} }, authmethods: ["ticket"], authid: "joe" },
        ]);
        expect((await client.next())?.[0]).toBe(4);
        client.says([5, first, {}], [5, "secret1", {}]);
        await refused(client);
      }
    });
  });

  test("says HELLO with 60 000 octets of details joins", () =>
    many({}, async (current) => {
      const client = await current.connect(transport);
      client.says([1, "realm1", { roles: { caller: {} }, authextra: { x: "x".repeat(60_000) } }]);
      await (await current.router.session()).welcome();
      expect((await client.next())?.[0]).toBe(2);
      client.reset();
    }));

  test("says a HELLO of 70 000 octets is told so, and one of 200 000 is not read", () =>
    many({ options: { max_message_size: 2 ** 24 } }, async (current) => {
      const long = (octets: number) => [
        1,
        "realm1",
        { roles: { caller: {} }, authextra: { x: "x".repeat(octets) } },
      ];
      const message = "Cannot join: the message is longer than 65536 octets";
      const told = await current.connect(transport);
      told.says(long(70_000));
      const abort = [3, { message }, "wamp.error.payload_size_exceeded"];
      expect(await told.rest()).toEqual([abort]);
      const unread = await current.connect(transport);
      unread.says(long(200_000));
      expect(await unread.rest()).toEqual([]);
      expect(await unread.closed).toBe(transport === "websocket" ? 1009 : null);
    }));

  test.each([
    ["is gone by a reset", (client: ScriptedClient) => client.reset()],
    ["sends nothing more", (client: ScriptedClient) => void client.socket.end()],
  ])("%s takes its session at the router with it", (_, leaves) =>
    many({}, async (current) => {
      const client = await current.connect(transport);
      client.says(HELLO);
      const router = await current.router.session();
      await router.welcome();
      expect((await client.next())?.[0]).toBe(2);
      leaves(client);
      expect(await router.next()).toEqual([6, {}, "wamp.close.close_realm"]);
      await router.closed.promise;
    }),
  );

  test("answers no ping takes its session at the router with it", async () => {
    const harness = await sessionHarness({
      // It has to join meanwhile.
      options: { auto_ping_interval: 20, auto_ping_timeout: 1_000 },
    });
    const client = await harness.connect(transport);
    client.says(HELLO);
    const router = await harness.router.session();
    await router.welcome();
    expect((await client.next())?.[0]).toBe(2);
    expect(await router.next()).toEqual([6, {}, "wamp.close.close_realm"]);
    await harness.empty();
  });

  test("is answered while calls of its are under way and the router says GOODBYE", () =>
    many({}, async (current) => {
      const client = await current.connect(transport);
      client.says(HELLO);
      const router = await current.router.session();
      await router.welcome();
      expect((await client.next())?.[0]).toBe(2);
      client.says([48, 1, {}, "a"], [48, 2, {}, "a"]);
      await router.next();
      router.says([50, 1, {}, ["first"]]);
      router.says([6, { message: "enough" }, "wamp.close.killed"]);
      expect(await client.next()).toEqual([50, 1, {}, ["first"]]);
      expect(await client.next()).toEqual([6, { message: "enough" }, "wamp.close.killed"]);
      client.says([6, {}, "wamp.close.goodbye_and_out"]);
      expect(await client.rest()).toEqual([]);
    }));
});

/** A CALL whose id has 20,000 digits; in CBOR, as many octets. */
function longId(client: ScriptedClient): Uint8Array {
  const length = 20_000;
  if (client.serializer === "json") return Buffer.from(`[48,${"1".repeat(length)},{},"a"]`);
  const head = Buffer.from("841830c2590000", "hex");
  head.writeUInt16BE(length, 5);
  return Buffer.concat([head, Buffer.alloc(length, 1), Buffer.from("a06161", "hex")]);
}

function nestedHello(client: ScriptedClient): Uint8Array {
  const depth = 2000;
  if (client.serializer === "json") {
    return Buffer.from(`[1,"realm1",{"x":${"[".repeat(depth)}${"]".repeat(depth)}}]`);
  }
  return Buffer.concat([
    Buffer.from("8301667265616c6d31a16178", "hex"),
    Buffer.alloc(depth, 0x81),
    Buffer.of(0),
  ]);
}

function halfHello(client: ScriptedClient): Uint8Array {
  const whole = encodeMessage(HELLO, client.serializer);
  return whole.subarray(0, whole.length - 2);
}

describe("a router that", () => {
  const noAnswer = joinFailed("Cannot join: no router answers");
  const late = [3, { message: "Cannot join: no WELCOME within 60 ms" }, "wamp.error.timeout"];
  const ended = joinFailed("Cannot join: the router ended the connection");
  const senseless = joinFailed("Cannot join: the router's answer makes no sense");
  const http = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";
  const short = { connectTimeoutMs: 30 };
  const shortJoin = { joining: { join_timeout: 60 } };
  const webSocket = { silent: "websocket" } as const;
  const frame = (octets: string) => Buffer.from(`7ff30000${octets}`, "hex");
  const says = (octets: Buffer | string) => (side: SilentSide) => void side.socket.write(octets);

  test.each<[string, HarnessOptions, (side: SilentSide) => void, unknown[]]>([
    ["hangs in the RawSocket handshake", short, () => {}, noAnswer],
    ["hangs in the WebSocket handshake", { ...short, ...webSocket }, () => {}, noAnswer],
    ["says half a RawSocket handshake", short, says(Buffer.from("7ff3", "hex")), noAnswer],
    ["says half a WebSocket handshake", { ...short, ...webSocket }, says(http), noAnswer],
    [
      "answers a RawSocket handshake with HTTP",
      {},
      says("HTTP/1.1 400 Bad Request\r\n\r\n"),
      noAnswer,
    ],
    [
      "answers a WebSocket handshake with 503",
      webSocket,
      says("HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"),
      noAnswer,
    ],
    [
      "answers a WebSocket handshake with the wrong key",
      webSocket,
      says(`${http}Sec-WebSocket-Accept: x\r\n\r\n`),
      noAnswer,
    ],
    [
      "answers a WebSocket handshake with garbage",
      webSocket,
      says(Buffer.alloc(100, 0xff)),
      noAnswer,
    ],
    ["refuses the RawSocket handshake", {}, says(Buffer.from("7f400000", "hex")), noAnswer],
    ["speaks another serializer", {}, says(Buffer.from("7ff10000", "hex")), noAnswer],
    ["hangs up in the handshake", {}, (side) => void side.socket.destroy(), noAnswer],
    ["hangs in the join", shortJoin, says(frame("")), late],
    ["says half a frame in the join", shortJoin, says(frame("0000004083")), late],
    ["hangs up amid a frame", {}, (side) => void side.socket.end(frame("0000004083")), ended],
    ["says a frame of a type that there is not", {}, says(frame("0700000400000000")), ended],
    ["says garbage behind the handshake", {}, says(frame("00000002ffff")), senseless],
    [
      "floods before it is asked",
      {},
      says(
        Buffer.concat([
          frame(""),
          ...Array.from({ length: 5000 }, () => Buffer.from("000000058318240101", "hex")),
        ]),
      ),
      senseless,
    ],
  ])("%s ends the join in time, and the client learns why", (_, options, misbehaves, abort) =>
    many(options, async (current) => {
      // A deadline may be over before the proxy has spoken to its router.
      current.silent.behave(misbehaves);
      const client = await current.connect("websocket");
      client.says([1, "silent", { roles: { caller: {} } }]);
      expect(await client.rest()).toEqual([abort]);
      expect(await client.closed).toBe(abort === late ? 1008 : 1000);
    }),
  );

  test("is not there is told as such, with a sentence", () =>
    many({}, async (current) => {
      const client = await current.connect("websocket");
      client.says([1, "down", { roles: { caller: {} } }]);
      expect(await client.rest()).toEqual([noAnswer]);
    }));

  test("no route leads to is told as such", () =>
    many({}, async (current) => {
      const client = await current.connect("websocket");
      client.says([1, "nowhere", { roles: { caller: {} } }]);
      expect((await client.rest())[0]?.[2]).toBe("wamp.error.no_such_realm");
    }));
});
