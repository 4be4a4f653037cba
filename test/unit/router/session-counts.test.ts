/** What a router counts of its sessions and their messages. */

import { expect, test } from "bun:test";
import { SessionCounts } from "#observe/session-counts.ts";
import type { SessionEnd } from "#observe/session-facts.ts";
import { slowClients } from "#observe/slow-clients.ts";
import { traffic } from "#observe/traffic.ts";
import { RealmTable } from "#router/realm-table.ts";
import { RouterSession } from "#router/router-session.ts";
import { FakePeer } from "../../support/fake-peer.ts";
import { noAuthenticators } from "../../support/no-authenticators.ts";
import { quiet } from "../../support/quiet-context.ts";
import { everything } from "../../support/router-harness.ts";

/** A router with one role, and clients that say HELLO to it. */
function router() {
  const roles = [{ name: "user", permissions: [everything] }];
  const realms = new RealmTable([{ name: "realm1", roles }], quiet);
  const counts = new SessionCounts();
  const sessions: RouterSession[] = [];
  const connect = async (realm = "realm1", role = "user") => {
    const peer = new FakePeer();
    const options = {
      ...noAuthenticators,
      log: quiet,
      counts,
      onEnd() {},
      maxBufferedOctets: 1000,
    };
    const auth = { anonymous: { type: "static", role } } as const;
    const session = new RouterSession(peer, auth, realms, options);
    sessions.push(session);
    peer.attach(session);
    peer.says([1, realm, { roles: { caller: {} } }]);
    await peer.next();
    return peer;
  };
  return { connect, counts, sessions };
}

test("counts a session by realm and role from its join to its end", async () => {
  const { connect, counts } = router();
  const peer = await connect();
  const roles = [{ realm: "realm1", role: "user", sessions: 1 }];
  expect(counts.figures(1)).toMatchObject({ joined: 1, joins: 1, roles });
  peer.says([6, {}, "wamp.close.normal"]);
  expect(counts.figures(1)).toMatchObject({ joined: 0, joins: 1, roles: [] });
  peer.says([1, "realm1", { roles: { caller: {} } }]);
  await peer.next();
  await peer.next();
  peer.disconnect();
  expect(counts.figures(0)).toMatchObject({ joined: 0, joins: 2, roles: [], refusals: [] });
});

test("counts refusals by their reason, and sessions that are aborted", async () => {
  const { connect, counts } = router();
  await connect("nowhere");
  await connect("realm1", "nobody");
  const joined = await connect();
  joined.says([2, 1, {}]);
  expect(counts.figures(0).refusals).toEqual([
    { reason: "wamp.error.no_such_realm", count: 1 },
    { reason: "wamp.error.no_such_role", count: 1 },
    { reason: "wamp.error.protocol_violation", count: 1 },
  ]);
});

test("counts the messages that it routes, and their octets", async () => {
  const { connect } = router();
  const [subscriber, publisher] = [await connect(), await connect()];
  const before = structuredClone(traffic);
  subscriber.saysOctets('[32,1,{},"a.b"]');
  publisher.saysOctets('[16,1,{},"a.b",["hello"]]');
  publisher.saysOctets('[6,{},"wamp.close.normal"]');
  await subscriber.next();
  await subscriber.next();
  const octets = '[32,1,{},"a.b"]'.length + '[16,1,{},"a.b",["hello"]]'.length;
  expect(traffic.fromClients).toMatchObject({
    messages: before.fromClients.messages + 2,
    octets: before.fromClients.octets + octets,
  });
  // SUBSCRIBED and EVENT.
  const sent = subscriber.wire.slice(1).reduce((sum, message) => sum + message.length, 0);
  expect(traffic.toClients).toMatchObject({
    messages: before.toClients.messages + 2,
    octets: before.toClients.octets + sent,
  });
});

test("counts a client that is cut off because it does not read", async () => {
  const { connect } = router();
  const [subscriber, publisher] = [await connect(), await connect()];
  subscriber.says([32, 1, {}, "a.b"]);
  await subscriber.next();
  const before = slowClients.cutOff;
  subscriber.takes = false;
  for (let id = 1; id <= 3; id++) publisher.says([16, id, {}, "a.b", ["x".repeat(600)]]);
  await Promise.resolve();
  expect([subscriber.closed?.code, slowClients.cutOff - before]).toEqual([1008, 1]);
});

type Client = Awaited<ReturnType<ReturnType<typeof router>["connect"]>>;

/** What ends a joined session, and the reason that is counted. */
const ENDS: [end: SessionEnd, happen: (peer: Client, session: RouterSession) => void][] = [
  ["client_left", (peer) => peer.says([6, {}, "wamp.close.normal"])],
  ["client_left", (peer) => peer.says([3, {}, "wamp.close.normal"])],
  ["client_lost", (peer) => peer.disconnect()],
  ["protocol_violation", (peer) => peer.says([2, 1, {}])],
  ["shutdown", (_, session) => session.shutdown()],
  ["kicked", (_, session) => session.goodbye("wamp.close.killed")],
  [
    "message_timeout",
    (_, session) =>
      session.onGivenUp({ uri: "crossproxy.close.message_timeout", sentence: "late", code: 1008 }),
  ],
];

test.each(ENDS)(
  "the end %s of a joined session is counted (%#), and lists have it",
  async (end, happen) => {
    const { connect, counts, sessions } = router();
    const peer = await connect();
    const [session] = sessions;
    if (session === undefined) throw new Error("there is no session");
    expect(session.facts()).toMatchObject({ state: "joined", realm: "realm1", authrole: "user" });
    expect(session.facts().session).toBeNumber();
    happen(peer, session);
    expect(counts.metrics()).toMatchObject({ ends: [{ reason: end, count: 1 }], groups: [] });
    peer.disconnect();
    expect(session.facts()).toMatchObject({ state: "closed", reason: end });
  },
);

test("a client that does not read ends as a slow consumer", async () => {
  const { connect, counts } = router();
  const [subscriber, publisher] = [await connect(), await connect()];
  subscriber.says([32, 1, {}, "a.b"]);
  await subscriber.next();
  subscriber.takes = false;
  subscriber.bufferedOctets = 2000;
  publisher.says([16, 1, {}, "a.b"]);
  await Bun.sleep(0);
  expect(counts.metrics().ends).toEqual([{ reason: "slow_consumer", count: 1 }]);
});

test("the messages of a router are counted by their types, in both directions", async () => {
  const { connect } = router();
  const peer = await connect();
  const of = (count: typeof traffic.toClients, type: number) =>
    count.byType().find((one) => one.type === type)?.messages ?? 0;
  const before = [of(traffic.fromClients, 32), of(traffic.toClients, 33)];
  peer.says([32, 1, {}, "a.b"]);
  await peer.next();
  const after = [of(traffic.fromClients, 32), of(traffic.toClients, 33)];
  expect(after).toEqual(before.map((count) => count + 1));
});
