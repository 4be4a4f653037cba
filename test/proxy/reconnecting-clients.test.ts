/** Clients that do not reconnect after GOODBYE, or join again after their own, recognized by their HELLO. */

import { describe, expect, test } from "bun:test";
import { slowClients } from "#observe/slow-clients.ts";
import { clientNeeds, NO_NEEDS } from "#session/reconnecting-clients.ts";
import { type HarnessOptions, sessionHarness } from "../support/session-harness.ts";
import {
  hasPython,
  joinAutobahn,
  joinAutobahn26,
  joinPython,
  joinWampy,
} from "../support/wamp-clients.ts";

/** The HELLO of a client, which is refused with ABORT, so that the client ends. */
async function helloOf(join: (url: string) => Promise<unknown>): Promise<unknown[]> {
  const said = Promise.withResolvers<unknown[]>();
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request, self) =>
      self.upgrade(request, { headers: { "Sec-WebSocket-Protocol": "wamp.2.json" } })
        ? undefined
        : new Response(null, { status: 400 }),
    websocket: {
      message(socket, data) {
        said.resolve(JSON.parse(String(data)));
        socket.send('[3,{},"wamp.error.no_such_realm"]');
        socket.close();
      },
    },
  });
  const joining = join(`ws://127.0.0.1:${server.port}/`).catch(() => {});
  const hello = await said.promise;
  await joining;
  await server.stop(true);
  return hello;
}

const bareClose = { ...NO_NEEDS, bareClose: true };
const normalClose = { ...NO_NEEDS, normalClose: true };

test.each([
  ["autobahn 22 for JavaScript", joinAutobahn],
  ["autobahn 26 for JavaScript", joinAutobahn26],
  ["wampy", joinWampy],
])("%s is recognized", async (_, join) => {
  expect(clientNeeds(await helloOf((url) => join(url, "json")))).toEqual(bareClose);
});

test.if(hasPython)("autobahn for Python is recognized", async () => {
  expect(clientNeeds(await helloOf((url) => joinPython(url, "json")))).toEqual(normalClose);
});

/** The HELLO of autobahn-js 0.9.9 to 18.3.2. */
const EARLY_AUTOBAHN_JS = [
  1,
  "realm1",
  {
    roles: {
      caller: { features: { caller_identification: true, progressive_call_results: true } },
      callee: {
        features: {
          caller_identification: true,
          pattern_based_registration: true,
          shared_registration: true,
          progressive_call_results: true,
          registration_revocation: true,
        },
      },
      publisher: {
        features: {
          publisher_identification: true,
          subscriber_blackwhite_listing: true,
          publisher_exclusion: true,
        },
      },
      subscriber: {
        features: {
          publisher_identification: true,
          pattern_based_subscription: true,
          subscription_revocation: true,
        },
      },
    },
  },
];

/** The HELLO of jawampa, whose version is null outside its own archive. */
const JAWAMPA = [
  1,
  "realm1",
  { agent: "Jawampa-null", roles: { caller: {}, callee: {}, publisher: {}, subscriber: {} } },
];

/** The HELLO of autobahn-python, from 17.10.1 to 26.10.2 in as far as it is looked at. */
const AUTOBAHN_PYTHON = [
  1,
  "realm1",
  { roles: { caller: { features: { payload_encryption_cryptobox: true } } } },
];

test("releases that are not tested with are recognized", () => {
  expect(clientNeeds(EARLY_AUTOBAHN_JS)).toEqual(bareClose);
  expect(clientNeeds(JAWAMPA)).toEqual({ ...bareClose, noAbort: true });
  expect(clientNeeds(AUTOBAHN_PYTHON)).toEqual(normalClose);
});

test.each([
  [{}],
  [{ roles: {} }],
  [{ agent: "x", roles: { caller: {} } }],
  [{ agent: "kraftfahrstrasse pre-alpha", roles: { caller: {} } }],
  [{ agent: "python-swampyer-3.1", roles: { caller: {} } }],
  [{ agent: "x", roles: { caller: { features: { payload_encryption_cryptobox: true } } } }],
  [{ roles: { caller: { features: {} }, callee: null } }],
  [undefined],
])("who says %j is taken at WAMP's word", (details) => {
  expect(clientNeeds([1, "realm1", details])).toEqual(NO_NEEDS);
});

/** A joined session, and the router's side of it. */
async function joined(hello: unknown[], options: HarnessOptions = {}) {
  const harness = await sessionHarness(options);
  const client = await harness.connect("websocket");
  client.says(hello);
  const router = await harness.router.session();
  await router.welcome();
  expect((await client.next())?.[0]).toBe(2);
  return { current: harness, client, router };
}

const OTHER = [1, "realm1", { roles: { caller: {} } }];
const GOODBYE = [6, {}, "wamp.close.normal"];
const OUT = [6, {}, "wamp.close.goodbye_and_out"];
const SHUTDOWN = [6, { message: "bye" }, "wamp.close.system_shutdown"];

describe("after its own GOODBYE", () => {
  test.each([
    [AUTOBAHN_PYTHON, [6, {}, "wamp.close.normal"]],
    [OTHER, OUT],
  ])("a client that says %j is answered with its reason by the router", async (hello, answer) => {
    const { client, router } = await joined(hello);
    client.says([6, {}, "wamp.close.logout"]);
    await router.next();
    router.says(OUT);
    expect(await client.next()).toEqual(answer);
  });

  test("autobahn for Python is answered in place of a router that does not", async () => {
    const { client, router } = await joined(AUTOBAHN_PYTHON);
    client.says(GOODBYE);
    await router.next();
    router.hangUp();
    expect(await client.next()).toEqual([6, {}, "wamp.close.normal"]);
  });
});

describe("when the router shuts down", () => {
  test.each([
    ["autobahn (JavaScript)", EARLY_AUTOBAHN_JS],
    ["jawampa", JAWAMPA],
  ])("%s sees the close alone", async (_, hello) => {
    const { client, router } = await joined(hello);
    router.says(SHUTDOWN);
    expect(await client.rest()).toEqual([]);
    expect(await client.closed).toBe(1012);
    expect(await router.next()).toEqual(OUT);
  });

  test("every other client, and any client at another reason, is sent the GOODBYE", async () => {
    const other = await joined(OTHER);
    other.router.says(SHUTDOWN);
    expect(await other.client.next()).toEqual(SHUTDOWN);
    const { client, router } = await joined(JAWAMPA);
    router.says([6, {}, "wamp.close.killed"]);
    expect(await client.next()).toEqual([6, {}, "wamp.close.killed"]);
  });

  test.each(["passthrough", undefined] as const)(
    "at a join, such a client is cut off (auth: %p)",
    async (auth) => {
      const { current, client: first } = await joined(JAWAMPA, auth && { auth });
      expect(first.serializer).toBe("json");
      const abort = [3, {}, "wamp.close.system_shutdown"];
      for (const [hello, answer, code] of [
        [JAWAMPA, [], null],
        [OTHER, [abort], 1001],
      ] as const) {
        const client = await current.connect("websocket");
        client.says([...hello]);
        const router = await current.router.session();
        await router.next();
        router.says(abort);
        expect(await client.rest()).toEqual([...answer]);
        expect(await client.closed).toBe(code);
      }
    },
  );
});

describe("when the router says that the client does not read", () => {
  test.each([
    ["jawampa", JAWAMPA],
    ["every other client", OTHER],
  ])("%s sees the close of the proxy's own stall clock", async (_, hello) => {
    const { client, router } = await joined(hello);
    const before = slowClients.cutOff;
    const stalled = "crossproxy.close.client_stalled";
    router.says([6, {}, stalled]);
    expect(await client.rest()).toEqual([]);
    expect(await client.closed).toBe(1008);
    expect(await router.next()).toEqual([6, {}, stalled]);
    expect(slowClients.cutOff - before).toBe(1);
  });
});

describe("octets that cannot be read", () => {
  test.each([
    [JAWAMPA, []],
    [EARLY_AUTOBAHN_JS, [[3, { message: expect.anything() }, "wamp.error.protocol_violation"]]],
  ])("of a client that says %j", async (hello, told) => {
    const { client } = await joined(hello);
    client.sends(Buffer.from("{}"));
    expect(await client.rest()).toEqual(told);
    expect(await client.closed).toBe(1002);
  });

  test("of jawampa at a join are answered with ABORT, as are messages that it may not send", async () => {
    const { client, current } = await joined(JAWAMPA);
    const abort = [3, { message: expect.anything() }, "wamp.error.protocol_violation"];
    client.says(JAWAMPA);
    expect(await client.rest()).toEqual([abort]);
    const joining = await current.connect("websocket");
    joining.says(JAWAMPA);
    await (await current.router.session()).next();
    joining.sends(Buffer.from("{}"));
    expect(await joining.rest()).toEqual([abort]);
  });

  test.each(['[48,"', "[48,", "[48,}", "[48,null,{}", "[6,{}", "[99,", "[50,", "[3,"])(
    "beginning with a type: %s",
    async (octets) => {
      const jawampa = await joined(JAWAMPA);
      jawampa.client.sends(Buffer.from(octets));
      expect(await jawampa.client.rest()).toEqual([]);
      expect(await jawampa.client.closed).toBe(1002);
      const other = await joined(OTHER);
      other.client.sends(Buffer.from(octets));
      expect(await other.client.rest()).toEqual([
        [3, { message: expect.stringContaining("json message") }, "wamp.error.protocol_violation"],
      ]);
    },
  );

  test.each([6, 70_000])("or that are a GOODBYE of %d characters and more", async (length) => {
    const { client, router } = await joined(OTHER, { options: { max_message_size: 2 ** 20 } });
    client.sends(Buffer.from(`[6,{},"${"a".repeat(length)}"`));
    expect((await client.next())?.[2]).toBe("wamp.error.protocol_violation");
    expect(await router.next()).toEqual([6, {}, "wamp.close.close_realm"]);
  });

  test("told_by_close says otherwise", async () => {
    const { client, router } = await joined(JAWAMPA, { options: { told_by_close: [] } });
    router.says(SHUTDOWN);
    expect(await client.next()).toEqual(SHUTDOWN);
  });
});
