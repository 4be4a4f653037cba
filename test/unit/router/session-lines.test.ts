/** The lines of the log of a router about its sessions: joins, leaves with their reason, and refusals. */

import { expect, test } from "bun:test";
import { MessageType as M } from "#wamp/message-type.ts";
import { fakeTime } from "../../support/fake-time.ts";
import { keptLog } from "../../support/kept-log.ts";
import { everything, type JoinedPeer, openRouter } from "../../support/router-harness.ts";

const who = (id: number) => ({
  peer: "unix:/fake",
  session: id,
  realm: "realm1",
  authid: expect.any(String),
});

function open() {
  const { log, logged } = keptLog("info");
  const router = openRouter([{ name: "anonymous", permissions: [everything] }], log);
  return { ...router, logged };
}

test("a join has the identity, and how the client is connected", async () => {
  const { join, logged } = open();
  const { id } = await join({ serializer: "cbor" });
  const identity = { ...who(id), authrole: "anonymous", authmethod: "anonymous" };
  const fields = { ...identity, transport: "rawsocket", serializer: "cbor" };
  expect(logged).toEqual([["session joined", fields]]);
});

test.each<[string, (peer: JoinedPeer) => void, string]>([
  [
    "a GOODBYE",
    (peer) => peer.says([M.GOODBYE, {}, "wamp.close.normal"]),
    "client: wamp.close.normal",
  ],
  ["a GOODBYE without a reason", (peer) => peer.says([M.GOODBYE, {}]), "client: no reason"],
  ["a GOODBYE with a number", (peer) => peer.says([M.GOODBYE, {}, 5]), "client: no reason"],
  ["an ABORT", (peer) => peer.says([M.ABORT, {}, "a.b"]), "aborted by the client"],
  [
    "a message that may not be sent",
    (peer) => peer.says([M.WELCOME, 1, {}]),
    "wamp.error.protocol_violation",
  ],
  ["the end of the connection", (peer) => peer.disconnect(), "gone"],
])("a leave by %s has its reason and the time since the join", async (_, end, reason) => {
  const pass = fakeTime();
  const { join, logged } = open();
  const peer = await join();
  pass(2_250);
  end(peer);
  const left = logged.filter(([event]) => event === "session left");
  expect(left).toEqual([["session left", { ...who(peer.id), reason, seconds: 2.25 }]]);
});

test("a refusal has the realm and the authid that were asked for", async () => {
  const { join, logged } = open();
  const peer = await join();
  peer.says([M.GOODBYE, {}, "wamp.close.normal"]);
  await peer.next();
  peer.says([M.HELLO, "realm2", { authid: "joe", roles: { caller: {} } }]);
  expect((await peer.next())[0]).toBe(M.ABORT);
  const asked = { peer: "unix:/fake", realm: "realm2", authid: "joe" };
  const why = { uri: "wamp.error.no_such_realm", reason: expect.any(String) };
  expect(logged.at(-1)).toEqual(["session aborted", { ...asked, ...why }]);
});
