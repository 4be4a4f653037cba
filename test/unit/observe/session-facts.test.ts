import { expect, test } from "bun:test";
import { type ListedSession, pageOf, type SESSION_SORTS } from "#observe/session-facts.ts";

const session = (cid: number, changes: Partial<ListedSession>): ListedSession => ({
  cid,
  peer: "tcp4:192.0.2.7:1000",
  transport: "websocket",
  serializer: "json",
  tls: false,
  state: "closed",
  session: null,
  realm: null,
  authid: null,
  authrole: null,
  authmethod: null,
  startedAt: 0,
  joinedAt: null,
  stoppedAt: null,
  reason: null,
  backend: null,
  pendingOctets: 0,
  ...changes,
});

const sessions = [
  session(2, { startedAt: 100, stoppedAt: 150, reason: "kicked", pendingOctets: 9 }),
  session(3, { startedAt: 50, stoppedAt: 300, reason: "shutdown", pendingOctets: 1 }),
  session(1, { startedAt: 200, stoppedAt: 210, reason: "client_left", pendingOctets: 5 }),
];

test.each<[(typeof SESSION_SORTS)[number], number[]]>([
  ["cid", [1, 2, 3]],
  ["start", [3, 2, 1]],
  ["uptime", [3, 2, 1]],
  ["pending", [2, 1, 3]],
  ["stop", [3, 1, 2]],
  ["reason", [1, 2, 3]],
])("by %s the order is %p", (sort, order) => {
  const page = pageOf(sessions, { state: "closed", sort, offset: 0, limit: 10 });
  expect(page.map(({ cid }) => cid)).toEqual(order);
});

test("a page has so many sessions from an offset on", () => {
  const query = { state: "closed", sort: "cid", offset: 1, limit: 1 } as const;
  expect(pageOf(sessions, query).map(({ cid }) => cid)).toEqual([2]);
});
