/** What a proxy counts of its clients: joins, sessions by realm and role, refusals by their reason. */

import { expect, test } from "bun:test";
import type { SessionEnd } from "#observe/session-facts.ts";
import { joiningHarness, sessionHarness } from "../support/session-harness.ts";

const NOTHING_MORE = { joined: 0, roles: [] };

test.each([undefined, "passthrough"] as const)(
  "a session is counted from WELCOME to its end, and joins again (auth: %p)",
  async (auth) => {
    const { harness, client, router } = await joiningHarness({ auth });
    const counts = () => harness.counts.figures(harness.sessions.size);
    expect(counts()).toMatchObject({ open: 1, joins: 0, ...NOTHING_MORE });
    router.says([2, 7, { realm: "realm1", authrole: "anonymous", roles: {} }]);
    await client.next();
    const roles = [{ realm: "realm1", role: "anonymous", sessions: 1 }];
    expect(counts()).toMatchObject({ open: 1, joined: 1, roles, joins: 1 });

    client.says([6, {}, "wamp.close.normal"]);
    await router.next();
    router.says([6, {}, "wamp.close.goodbye_and_out"]);
    await client.next();
    expect(counts()).toMatchObject({ open: 1, joins: 1, ...NOTHING_MORE });

    client.says([1, "realm1", { roles: { caller: {} } }]);
    const again = await harness.router.session();
    await again.next();
    again.says([2, 8, { realm: "realm1", authrole: "anonymous", roles: {} }]);
    await client.next();
    expect(counts()).toMatchObject({ joined: 1, joins: 2 });
    client.socket.destroy();
    await harness.empty();
    expect(counts()).toMatchObject({ open: 0, joins: 2, refusals: [], ...NOTHING_MORE });
  },
);

test("what a router has not said of a session is not known", async () => {
  const { harness, client, router } = await joiningHarness({ auth: "passthrough" });
  router.says([2, 7, { roles: {} }]);
  await client.next();
  expect(harness.counts.figures(1).roles).toEqual([{ realm: null, role: null, sessions: 1 }]);
});

const HELLO = { roles: { caller: {} } };
const ticket = { ticket: { type: "static", principals: {} } } as const;

test.each<[string, Parameters<typeof sessionHarness>[0], unknown[], string]>([
  ["realm", {}, [1, "nowhere", HELLO], "wamp.error.no_such_realm"],
  ["authmethod", { auth: ticket }, [1, "realm1", HELLO], "wamp.error.no_auth_method"],
  ["router", {}, [1, "down", HELLO], "wamp.error.network_failure"],
  ["HELLO", {}, [48, 1, {}, "a"], "wamp.error.protocol_violation"],
])("a client without a fitting %s is counted", async (_, options, message, reason) => {
  const harness = await sessionHarness(options);
  const client = await harness.connect("websocket");
  client.says(message);
  expect((await client.rest())[0]?.[2]).toBe(reason);
  expect(harness.counts.figures(0)).toMatchObject({ joins: 0, refusals: [{ reason, count: 1 }] });
});

test("a client that its router refuses is counted", async () => {
  const { harness, client, router } = await joiningHarness();
  router.says([3, {}, "com.example.error.full"]);
  await client.rest();
  const refusals = [{ reason: "com.example.error.full", count: 1 }];
  expect(harness.counts.figures(0).refusals).toEqual(refusals);
});

test("a client that is told by the close alone is counted", async () => {
  const options = { told_by_close: ["router_lost" as const] };
  const harness = await sessionHarness({ options });
  const first = await harness.connect("websocket");
  first.says([1, "realm1", { roles: { caller: {} } }]);
  const router = await harness.router.session();
  await router.welcome();
  await first.next();
  const second = await harness.connect("websocket");
  second.says([1, "realm1", { roles: { caller: {} } }]);
  const leaving = await harness.router.session();
  await leaving.next();
  leaving.says([3, {}, "wamp.close.system_shutdown"]);
  await second.closed;
  const refusals = [{ reason: "wamp.close.system_shutdown", count: 1 }];
  expect(harness.counts.figures(0).refusals).toEqual(refusals);
});

test("a joined session that ends for a fault of its client is counted", async () => {
  const { harness, client, router } = await joiningHarness();
  router.says([2, 7, { roles: {} }]);
  await client.next();
  client.says([2, 7, {}]);
  expect((await client.rest())[0]?.[2]).toBe("wamp.error.protocol_violation");
  expect(harness.counts.figures(0)).toMatchObject({
    refusals: [{ reason: "wamp.error.protocol_violation", count: 1 }],
    ...NOTHING_MORE,
  });
});

test("the end of a session that nobody refuses is no refusal", async () => {
  const { harness, client, router } = await joiningHarness();
  router.says([2, 7, { roles: {} }]);
  await client.next();
  router.says([6, {}, "wamp.close.killed"]);
  await client.next();
  client.says([6, {}, "wamp.close.goodbye_and_out"]);
  await client.closed;
  expect(harness.counts.figures(0).refusals).toEqual([]);
});

type Joined = Awaited<ReturnType<typeof joiningHarness>>;

/** What ends a joined session, and the reason that is counted. */
const ENDS: [end: SessionEnd, happen: (joined: Joined) => void][] = [
  ["client_left", ({ client }) => client.says([3, {}, "wamp.close.normal"])],
  ["client_lost", ({ client }) => void client.socket.destroy()],
  ["protocol_violation", ({ client }) => client.says([2, 1, {}])],
  ["kicked", ({ router }) => router.says([6, {}, "wamp.close.killed"])],
  ["kicked", ({ router }) => router.says([3, {}, "com.example.no"])],
  ["router_lost", ({ router }) => router.says([6, {}, "wamp.close.system_shutdown"])],
  ["slow_consumer", ({ router }) => router.says([6, {}, "crossproxy.close.client_stalled"])],
  ["router_failed", ({ router }) => router.says([2, 8, { roles: {} }])],
  ["shutdown", ({ harness }) => harness.open[0]?.shutdown()],
];

test.each(ENDS)(
  "the end %s of a joined session is counted (%#), and lists have it",
  async (end, happen) => {
    const joined = await joiningHarness({ goodbyeTimeoutMs: 1 });
    const { harness, client, router } = joined;
    router.says([2, 7, { realm: "realm1", authrole: "anonymous", authid: "joe", roles: {} }]);
    await client.next();
    happen(joined);
    await harness.empty();
    expect(harness.counts.metrics().ends).toEqual([{ reason: end, count: 1 }]);
    const closed = { state: "closed", sort: "cid", offset: 0, limit: 10 } as const;
    expect(harness.sessions.page(closed).sessions).toMatchObject([
      {
        reason: end,
        realm: "realm1",
        authrole: "anonymous",
        transport: "websocket",
        serializer: "json",
      },
    ]);
  },
);

test.each<[SessionEnd, Parameters<typeof sessionHarness>[0], unknown[] | null]>([
  ["authentication_timeout", { joining: { hello_timeout: 1 } }, null],
  ["no_such_realm", {}, [1, "nowhere", HELLO]],
  ["authentication_failed", { auth: ticket }, [1, "realm1", HELLO]],
  ["router_failed", {}, [1, "down", HELLO]],
])("lists have the end %s of a client that could not join", async (end, options, message) => {
  const harness = await sessionHarness(options);
  const client = await harness.connect("websocket");
  if (message !== null) client.says(message);
  await client.rest();
  await harness.empty();
  const closed = { state: "closed", sort: "cid", offset: 0, limit: 10 } as const;
  expect(harness.sessions.page(closed).sessions).toMatchObject([{ reason: end, joinedAt: null }]);
  expect(harness.counts.metrics().ends).toEqual([]);
});
