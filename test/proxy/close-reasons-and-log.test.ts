/** What a client is sent, its close frame says and the log has of what happens to its session. */

import { expect, test } from "bun:test";
import { joiningHarness, sessionHarness } from "../support/session-harness.ts";

test.each([undefined, "passthrough"] as const)(
  "a WELCOME that the client's serializer lacks a value of is no fault of the router (auth: %p)",
  async (auth) => {
    const { client, router } = await joiningHarness({ auth });
    router.says([2, 7, { roles: { broker: { features: { limit: Number.NaN } } } }]);
    const message = expect.stringMatching(/NaN|number/);
    expect(await client.rest()).toEqual([[3, { message }, "wamp.error.invalid_argument"]]);
    expect(await router.closed.promise).toBeString();
  },
);

test("a WELCOME that cannot be read is", async () => {
  const { harness, client, router } = await joiningHarness();
  router.saysOctets(Buffer.from("8302", "hex"));
  const message = "Cannot join: the router's answer makes no sense";
  expect(await client.rest()).toEqual([[3, { message }, "wamp.error.network_failure"]]);
  expect(harness.logged.map(([, text]) => text)).toContain("router message refused");
});

test.each([
  [undefined, { realm: "realm1", authrole: "anonymous", authmethod: "anonymous" }],
  ["passthrough", { realm: undefined, authid: "joe" }],
] as const)("a WELCOME is a line in the log (auth: %p)", async (auth, identity) => {
  const { harness, client, router } = await joiningHarness({ auth });
  router.says([2, 7, { roles: {}, authid: "joe" }]);
  await client.next();
  const peer = expect.any(String);
  const fields = expect.objectContaining({ peer, session: 7, ...identity });
  expect(harness.logged).toContainEqual(["info", "session joined", fields]);
});

test("a connection that ends is a line in the log while its session is joined, and only then", async () => {
  for (const state of ["joining", "joined", "leaving"]) {
    const { harness, client, router } = await joiningHarness();
    if (state !== "joining") {
      router.says([2, 7, { roles: {} }]);
      await client.next();
    }
    if (state === "leaving") {
      client.says([6, {}, "wamp.close.normal"]);
      await router.next();
    }
    router.hangUp();
    await client.next();
    harness.routes.stop();
    const lost = harness.logged.filter(([, text]) => text === "router connection lost");
    const why = { peer: expect.any(String), reason: expect.any(String) };
    const line = { connection: "router", sessions: 1, ...why };
    expect(lost).toEqual(state === "joined" ? [["warn", "router connection lost", line]] : []);
  }
});

test.each([
  ["a GOODBYE of the client", "client: wamp.close.normal"],
  ["an ABORT of the client", "the client aborted"],
  ["the end of its connection", expect.any(String)],
  ["a message that may not be sent", "wamp.error.protocol_violation"],
  ["a GOODBYE of the router", "router: wamp.close.killed"],
  ["an ABORT of the router", "router: wamp.error.not_authorized"],
  ["the end of the router's connection", "router lost"],
  ["the end of the node", "shutdown"],
])("the end of a session by %s is a line in the log: %s", async (by, reason) => {
  // The client answers no GOODBYE.
  const { harness, client, router } = await joiningHarness({ goodbyeTimeoutMs: 50 });
  router.says([2, 7, { roles: {}, authid: "joe" }]);
  await client.next();
  if (by.startsWith("a GOODBYE of the c")) client.says([6, {}, "wamp.close.normal"]);
  else if (by.startsWith("an ABORT of the c")) client.says([3, {}, "wamp.error.abort"]);
  else if (by.startsWith("the end of its")) client.socket.destroy();
  else if (by.startsWith("a message")) client.says([2, 7, {}]);
  else if (by.startsWith("a GOODBYE")) router.says([6, {}, "wamp.close.killed"]);
  else if (by.startsWith("an ABORT")) router.says([3, {}, "wamp.error.not_authorized"]);
  else if (by.startsWith("the end of the r")) router.hangUp();
  else void harness.sessions.shutdown(1000);
  if (by.startsWith("a GOODBYE of the c")) {
    await router.next();
    router.says([6, {}, "wamp.close.goodbye_and_out"]);
    await client.next();
  } else if (by.startsWith("a GOODBYE of the r")) await client.next();
  else await harness.empty();
  const left = harness.logged.filter(([, text]) => text === "session left");
  const who = { peer: expect.any(String), session: 7, realm: "realm1", authid: expect.any(String) };
  expect(left).toEqual([["info", "session left", { ...who, reason, seconds: expect.any(Number) }]]);
});

test("a refusal of the proxy is a line in the log", async () => {
  const auth = {
    ticket: { type: "static", principals: { joe: { ticket: "secret1", role: "user" } } },
  } as const;
  const harness = await sessionHarness({ auth });
  const client = await harness.connect("websocket");
  client.says([1, "realm1", { authmethods: ["ticket"], authid: "joe", roles: { caller: {} } }]);
  await client.next();
  client.says([5, "wrong", {}]);
  const [type, details] = (await client.rest())[0] ?? [];
  expect(type).toBe(3);
  const { message: reason } = details as { message: string };
  const line = { peer: expect.any(String), realm: "realm1", authid: "joe", reason };
  expect(harness.logged).toContainEqual(["info", "client refused", line]);
});

test.each([
  [undefined, { reason: "no such realm" }],
  // A router that authenticates clients may repeat a secret of theirs.
  ["passthrough", {}],
] as const)(
  "the router's ABORT at a join is a line in the log (auth: %p)",
  async (auth, fields) => {
    const { harness, client, router } = await joiningHarness({ auth });
    router.says([3, { message: "no such realm" }, "wamp.error.no_such_realm"]);
    expect((await client.rest())[0]?.[0]).toBe(3);
    const [line] = harness.logged.filter(([, text]) => text === "client refused by its router");
    const uri = "wamp.error.no_such_realm";
    expect(line?.[0]).toBe("info");
    const asking = { peer: expect.any(String), realm: "realm1" };
    expect(line?.[2]).toEqual({ ...asking, connection: "router", uri, ...fields });
  },
);

test.each([
  ["an ABORT of the router at a join", "the router refused the session"],
  ["an ABORT of the router", "the router aborted the session"],
  ["an ABORT of the client", "the client aborted"],
  ["a GOODBYE of the router", "the client left"],
  ["the end of the node before HELLO", "the node shuts down"],
  ["a GOODBYE that is not answered", "goodbye"],
])("after %s, the close frame says why", async (after, reason) => {
  const goodbyeTimeoutMs = reason === "goodbye" ? 50 : 10_000;
  const { harness, client, router } = await joiningHarness({ goodbyeTimeoutMs });
  const other = await harness.connect("websocket");
  const isAtJoin = after.endsWith("at a join");
  if (!isAtJoin) {
    router.says([2, 7, { roles: {} }]);
    await client.next();
  }
  if (after.startsWith("an ABORT of the router")) router.says([3, {}, "wamp.error.not_authorized"]);
  else if (after.startsWith("an ABORT")) client.says([3, {}, "wamp.error.abort"]);
  else if (after.startsWith("a GOODBYE")) {
    router.says([6, {}, "wamp.close.killed"]);
    await client.next();
    if (reason === "the client left") client.says([6, {}, "wamp.close.goodbye_and_out"]);
  }
  if (after.startsWith("the end")) {
    void harness.sessions.shutdown(1000);
    await other.closed;
    expect(other.closeReason).toBe(reason);
  } else {
    await client.closed;
    expect(client.closeReason).toBe(reason);
  }
});

test.each([
  ["client", "wamp.error.payload_size_exceeded"],
  ["router", "wamp.error.invalid_argument"],
] as const)("what the %s cannot be told (%s) does not end the session", async (side, uri) => {
  const { harness, client, router } = await joiningHarness();
  router.says([2, 7, { roles: {} }]);
  await client.next();
  harness.open[0]?.onUndeliverable(side, { uri, sentence: "left out" });
  router.says([36, 1, 2, {}]);
  expect(await client.next()).toEqual([36, 1, 2, {}]);
  expect(harness.counts.leftOut).toBe(1);
});
