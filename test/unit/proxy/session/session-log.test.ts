import { expect, test } from "bun:test";
import { SessionCounts } from "#observe/session-counts.ts";
import { SessionLog, welcomeFields } from "#proxy/session/session-log.ts";
import { encodeMessage } from "#wamp/serializer/message-values.ts";
import { FakePeer } from "../../../support/fake-peer.ts";
import { fakeTime } from "../../../support/fake-time.ts";
import { keptLog } from "../../../support/kept-log.ts";

const peer = "unix:/fake";
const client = new FakePeer();
const asked = { realm: "realm1", authid: "joe" };
const why = { uri: "wamp.error.invalid_argument", sentence: "Cannot represent NaN" };

test.each<["error" | "warn" | "info" | "debug", (log: SessionLog) => void, string, object]>([
  [
    "info",
    (log) => {
      const router = new FakePeer();
      const welcome = encodeMessage([2, 7, { authid: "router" }], router.serializer);
      const backend = { name: { connection: "conn1", address: null } };
      log.joined(welcome, { peer: router, backend }, { authid: "joe" });
    },
    "session joined",
    { peer, transport: "websocket", serializer: "json", session: 7, authid: "joe" },
  ],
  [
    "info",
    (log) => {
      log.record.asks([1, "realm1", { authid: "joe" }]);
      log.refused({ by: "client", reason: "no" });
    },
    "client refused",
    { peer, ...asked, reason: "no" },
  ],
  [
    "info",
    (log) => {
      log.record.asks([1, 5, null]);
      log.refused({ by: "client", reason: "no" });
    },
    "client refused",
    { peer, reason: "no" },
  ],
  ["warn", (log) => log.refused({ by: "router", reason: "no" }), "router failed", { reason: "no" }],
  [
    "warn",
    (log) => log.refused({ by: "configuration", reason: "no" }),
    "client refused",
    { peer, reason: "no" },
  ],
  [
    "error",
    (log) => log.refused({ by: "program", reason: "x at y" }),
    "session failed",
    { peer, stack: "x at y" },
  ],
  [
    "warn",
    (log) => log.routerRefused(new Error("no")),
    "router message refused",
    { peer, reason: "no" },
  ],
  [
    "info",
    (log) => {
      log.record.asks([1, "realm1", { authid: "joe" }]);
      log.refusedByRouter("conn1", "wamp.error.no_such_role", "no");
    },
    "client refused by its router",
    { peer, ...asked, connection: "conn1", uri: "wamp.error.no_such_role", reason: "no" },
  ],
  [
    "warn",
    (log) => log.leftOut("router", why),
    "message left out",
    { peer, towards: "router", ...why },
  ],
  [
    "warn",
    (log) => log.stalled("client"),
    "session closed: the client did not read",
    { peer, stalled: 1 },
  ],
  [
    "debug",
    (log) => log.connectionClosed("gone"),
    "client connection closed",
    { peer, reason: "gone", late: 0 },
  ],
])("a line of level %s: %#", (level, write, message, fields) => {
  const { log, logged } = keptLog(level);
  write(new SessionLog(log, new SessionCounts(), client));
  expect(logged).toEqual([[message, fields as never]]);
});

const router = { peer: new FakePeer(), backend: { name: { connection: "conn1", address: null } } };
const welcome = encodeMessage(
  [2, 7, { realm: "realm1", authrole: "user" }],
  router.peer.serializer,
);
const rolesOf = (counts: SessionCounts) =>
  counts.figures(1).roles.map(({ realm, role, sessions }) => [realm, role, sessions]);

test.each([
  ["the proxy knows them", { realm: "realm2", authrole: "admin" }, ["realm2", "admin", 1]],
  ["the router alone knows them", {}, ["realm1", "user", 1]],
])("a log without a line of a join counts it by realm and role, if %s", (_, identity, counted) => {
  const { log, logged } = keptLog("info");
  const all = new SessionCounts();
  new SessionLog({ ...log, omitsInfo: true }, all, client).joined(welcome, router, identity);
  expect([logged, rolesOf(all)]).toEqual([[], [counted as never]]);
});

test("a WELCOME is not read where neither the log nor the counts need it", () => {
  const { log } = keptLog();
  const unread = {
    ...router.peer,
    get serializer(): never {
      throw new Error("it is read");
    },
  };
  const one = new SessionLog({ ...log, omitsInfo: true }, new SessionCounts(), client);
  const silent = {
    peer: unread as never,
    backend: { name: { connection: "conn1", address: null } },
  };
  one.joined(welcome, silent, { realm: "realm1", authrole: "user" });
  expect(() => one.joined(welcome, silent, {})).toThrow("it is read");
});

test("the end of a session is a line with the first reason and the seconds that it took", () => {
  const pass = fakeTime();
  const { log, logged } = keptLog("info");
  const one = new SessionLog(log, new SessionCounts(), client);
  one.ends("not joined yet");
  one.joined(welcome, router, asked);
  pass(1_500);
  one.ends("client: wamp.close.normal");
  one.ends("client lost");
  for (const _ of [1, 2]) one.sessionOver();
  const reason = "client: wamp.close.normal";
  const left = { peer, session: 7, ...asked, reason, seconds: 1.5 };
  expect(logged.slice(1)).toEqual([["session left", left]]);
  one.joined(welcome, router, asked);
  one.ends("client lost");
  one.sessionOver();
  expect(logged.at(-1)?.[1]?.["reason"]).toBe("client lost");
});

test("messages that were left out have one line, and one with their number at the end", () => {
  const { log, logged } = keptLog("warn");
  const all = new SessionCounts();
  const one = new SessionLog(log, all, client);
  for (const _ of [1, 2, 3]) one.leftOut("client", why);
  expect(logged).toHaveLength(1);
  one.sessionOver();
  expect(logged.slice(1)).toEqual([["messages left out", { peer, messages: 3 }]]);
  one.leftOut("client", why);
  one.sessionOver();
  expect(logged).toHaveLength(3);
  expect(all.leftOut).toBe(4);
});

test("stalled sessions and late messages are counted for the whole worker", () => {
  const { log, logged } = keptLog("warn", "debug");
  const all = new SessionCounts();
  new SessionLog(log, all, client).stalled("router");
  const other = new SessionLog(log, all, client);
  other.stalled("client");
  other.ignored();
  other.ignored();
  other.connectionClosed("gone");
  expect(logged.slice(1).map(([, fields]) => fields)).toEqual([
    { peer, stalled: 2 },
    { peer, reason: "gone", late: 2 },
  ]);
  expect(all.figures(0)).toMatchObject({ stalledRouters: 1, messagesLate: 2 });
});

test("a session is counted by realm and role from its join to its end, and when it joins again", () => {
  const all = new SessionCounts();
  const one = new SessionLog(keptLog().log, all, client);
  one.joined(welcome, router, {});
  expect(rolesOf(all)).toEqual([["realm1", "user", 1]]);
  one.sessionOver();
  one.sessionOver();
  expect(rolesOf(all)).toEqual([]);
  one.joined(encodeMessage([2, 8, {}], router.peer.serializer), router, {});
  expect([rolesOf(all), all.figures(1).joins]).toEqual([[[null, null, 1]], 2]);
});

const none = { realm: undefined, authid: undefined, authrole: undefined, authmethod: undefined };

const named = { realm: "a", authid: "b", authrole: "c", authmethod: "d" };

test.each<[unknown[], object]>([
  [[2, 7, { ...named, roles: {} }], { session: 7, ...named }],
  [[2, 7, { authid: 5, authrole: null }], { session: 7, ...none }],
  [[2, 7], { session: 7, ...none }],
])("of the WELCOME %j the log has %j", (welcome, fields) => {
  const octets = encodeMessage(welcome, "cbor");
  expect(welcomeFields(octets, new FakePeer({ serializer: "cbor" }))).toEqual(fields as never);
});

test("of a WELCOME that cannot be read the log has nothing", () => {
  expect(welcomeFields(Buffer.from("[2,"), new FakePeer())).toEqual({});
});
