/** What one connection adds to the counts, and what lists show of it. */

import { expect, test } from "bun:test";
import { SessionCounts } from "#observe/session-counts.ts";
import { endOfUri, SessionRecord } from "#session/session-record.ts";
import { FakePeer } from "../../support/fake-peer.ts";
import { fakeTime } from "../../support/fake-time.ts";

const identity = {
  session: 7,
  realm: "realm1",
  authid: "joe",
  authrole: "user",
  authmethod: "ticket",
};
const group = { realm: "realm1", authrole: "user", transport: "websocket", serializer: "json" };

function record() {
  const counts = new SessionCounts();
  const peer = new FakePeer();
  return { counts, peer, record: new SessionRecord(counts) };
}

test("counts a session by its group from its join to its end, once", () => {
  const { counts, peer, record: one } = record();
  one.joined(identity, peer);
  expect(counts.metrics()).toMatchObject({ groups: [{ ...group, sessions: 1 }], joins: 1 });
  one.ends("client_left");
  one.sessionOver();
  one.sessionOver();
  const ends = [{ reason: "client_left", count: 1 }];
  expect(counts.metrics()).toMatchObject({ groups: [], joins: 1, ends });
});

test("counts how long a session was joined", () => {
  const pass = fakeTime();
  const { counts, peer, record: one } = record();
  one.joined(identity, peer);
  pass(90_000);
  one.sessionOver();
  expect(counts.metrics().durations.sum).toBe(90);
});

test("the first reason of an end counts, and a further session has a reason of its own", () => {
  const { counts, peer, record: one } = record();
  one.joined(identity, peer);
  one.ends("slow_consumer");
  one.ends("client_lost");
  one.sessionOver();
  one.begins(peer);
  one.joined(identity, peer);
  one.ends("kicked");
  one.sessionOver();
  expect(counts.metrics().ends.map(({ reason }) => reason)).toEqual(["slow_consumer", "kicked"]);
});

test("lists have what is known of the connection and its last session", () => {
  const { peer, record: one } = record();
  expect(one.facts(peer, false)).toMatchObject({
    peer: "unix:/fake",
    transport: "websocket",
    serializer: "json",
    state: "not joined",
    session: null,
    realm: null,
    authid: null,
    joinedAt: null,
    stoppedAt: null,
    reason: null,
  });
  one.joined(identity, peer);
  expect(one.facts(peer, false)).toMatchObject({ state: "joined", ...identity, reason: null });
  one.ends("shutdown");
  one.sessionOver();
  const closed = one.facts(peer, true);
  expect(closed).toMatchObject({ state: "closed", ...identity, reason: "shutdown" });
  expect(closed.stoppedAt).toBeNumber();
});

test("a long authid is cut", () => {
  const { peer, record: one } = record();
  one.joined({ ...identity, authid: "a".repeat(1000) }, peer);
  expect(one.facts(peer, false).authid).toBe(`${"a".repeat(200)}… (1000 characters)`);
});

test.each([
  ["no answer to a ping", "ping_timeout"],
  ["too many octets are waiting to be read", "slow_consumer"],
  ["anything else", "client_lost"],
] as const)("a connection that ended because of %p ends with %s", (reason, end) => {
  const { peer, record: one } = record();
  one.connectionLost(reason);
  expect(one.facts(peer, true).reason).toBeNull();
  one.begins(peer);
  one.connectionLost(reason);
  expect(one.facts(peer, true).reason).toBe(end);
});

test.each([
  ["wamp.error.no_such_realm", "no_such_realm"],
  ["wamp.error.authentication_failed", "authentication_failed"],
  ["crossproxy.close.client_stalled", "slow_consumer"],
  ["com.example.unknown", "refused"],
  [7, "refused"],
])("the URI %p is the end %s", (uri, end) => {
  expect(endOfUri(uri)).toBe(end as never);
});

/** A record whose joins are recorded, and what its spans were told. */
function tracedRecord() {
  const told: unknown[] = [];
  const tell =
    (event: string) =>
    (...details: unknown[]) => {
      told.push([event, ...details]);
    };
  const span = {
    asked: tell("asked"),
    joined: tell("joined"),
    ended: tell("ended"),
    connects: (connection: string) => ({ ended: tell(connection) }),
  };
  const tracer = {
    begins({ type }: { type: string }) {
      told.push(["begins", type]);
      return span;
    },
  };
  const peer = new FakePeer();
  return { told, peer, record: new SessionRecord(new SessionCounts(tracer)) };
}

test.each<[string, (one: SessionRecord) => void, unknown]>([
  ["is refused", (one) => one.refused("com.a"), ["ended", "com.a", null]],
  [
    "is refused for want of a router",
    (one) => {
      one.ends("router_failed");
      one.refused("wamp.error.network_failure");
    },
    ["ended", "wamp.error.network_failure", "router_failed"],
  ],
  ["loses its connection", (one) => one.connectionLost("gone"), ["ended", "client_lost", null]],
])("the span of a join that %s ends once", (_, end, told) => {
  const { told: all, peer, record: one } = tracedRecord();
  one.begins(peer);
  one.asks([1, "realm1", {}]);
  one.asks([1, 7, {}]);
  one.connects("conn1")?.ended("connected", null);
  end(one);
  one.refused("com.b");
  one.connectionLost("gone");
  const before = [
    ["begins", "websocket"],
    ["asked", "realm1"],
    ["conn1", "connected", null],
  ];
  expect(all).toEqual([...before, told]);
});

test("the span of a join that succeeds ends with it, and the next join has one of its own", () => {
  const { told, peer, record: one } = tracedRecord();
  for (let join = 0; join < 2; join += 1) {
    one.begins(peer);
    one.joined(identity, peer);
    one.ends("client_left");
    one.sessionOver();
  }
  one.connectionLost("gone");
  const once = [
    ["begins", "websocket"],
    ["joined", identity],
  ];
  expect(told).toEqual([...once, ...once]);
});
