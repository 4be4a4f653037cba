/** Sessions of a proxy that are to end, because the node stops or their connection is old, and calls under way. */

import { describe, expect, jest, test } from "bun:test";
import { FakePeer } from "../support/fake-peer.ts";
import { fakeTime } from "../support/fake-time.ts";
import { type HarnessOptions, sessionHarness } from "../support/session-harness.ts";

const HELLO = [1, "realm1", { roles: { caller: {}, callee: {} } }];
const CALL = [48, 1, {}, "com.example.slow"];
const RESULT = [50, 1, {}, ["done"]];
const GOODBYE = [6, { message: "The node shuts down" }, "wamp.close.system_shutdown"];
const AGE = "crossproxy.close.connection_age";
const OLD = [6, { message: "This connection is old: connect again" }, AGE];

/** A joined session, its client, and the router's side of it. */
async function joined(
  options: NonNullable<HarnessOptions["options"]> = {},
  transport: "websocket" | "rawsocket" = "websocket",
) {
  const harness = await sessionHarness({ options });
  const client = await harness.connect(transport);
  client.says(HELLO);
  const router = await harness.router.session();
  await router.welcome();
  expect((await client.next())?.[0]).toBe(2);
  const [session] = harness.open;
  if (session === undefined) throw new Error("expected a session");
  return { harness, client, router, session };
}

describe("a session that is to end", () => {
  test("ends when it has made no call for a while", async () => {
    const { client, router, session } = await joined();
    const pass = fakeTime();
    session.retire("shutdown", 60_000);
    pass(2000);
    expect(await client.next()).toEqual(GOODBYE);
    expect((await router.next()).slice(0, 3)).toEqual([6, {}, "wamp.close.system_shutdown"]);
  });

  test("ends behind the answer to the call that it makes next", async () => {
    const { client, router, session } = await joined();
    session.retire("shutdown", 60_000);
    client.says(CALL);
    expect(await router.next()).toEqual(CALL);
    router.says(RESULT);
    expect(await client.next()).toEqual(RESULT);
    expect(await client.next()).toEqual(GOODBYE);
  });

  test("gets the answer to its call, and GOODBYE behind it", async () => {
    const { client, router, session } = await joined();
    client.says(CALL);
    expect(await router.next()).toEqual(CALL);
    session.retire("shutdown", 60_000);
    // Events, and further calls, are carried meanwhile.
    router.says([36, 1, 2, {}, ["an event"]]);
    expect((await client.next())?.[0]).toBe(36);
    client.says([48, 2, {}, "com.example.quick"]);
    await router.next();
    router.says([50, 2, {}]);
    expect((await client.next())?.slice(0, 2)).toEqual([50, 2]);
    router.says([50, 1, { progress: true }, ["half"]]);
    router.says(RESULT);
    expect(await client.next()).toEqual([50, 1, { progress: true }, ["half"]]);
    expect(await client.next()).toEqual(RESULT);
    expect(await client.next()).toEqual(GOODBYE);
    expect((await router.next())[0]).toBe(6);
  });

  test("answers the call that it performs, and gets GOODBYE behind that", async () => {
    const { client, router, session } = await joined();
    router.says([68, 5, 7, {}]);
    expect((await client.next())?.[0]).toBe(68);
    session.retire("shutdown", 60_000);
    client.says([70, 5, {}, ["done"]]);
    expect(await router.next()).toEqual([70, 5, {}, ["done"]]);
    expect(await client.next()).toEqual(GOODBYE);
  });

  test("has new calls refused in the last quarter of its time, and then ends", async () => {
    const { client, router, session } = await joined();
    client.says(CALL);
    await router.next();
    const pass = fakeTime();
    session.retire("shutdown", 1000);
    pass(750);
    const sentence = "Cannot call: this session is about to end";
    client.says([48, 2, {}, "com.example.late"], [16, 3, {}, "com.example.topic"]);
    expect((await router.next())[0]).toBe(16);
    expect(await client.next()).toEqual([8, 48, 2, {}, "wamp.error.unavailable", [sentence]]);
    pass(250);
    expect(await client.next()).toEqual(GOODBYE);
    expect((await router.next())[0]).toBe(6);
  });

  test("has a long call refused, too, of which it takes nothing before it is whole", async () => {
    const options = { max_message_size: 2 ** 20 };
    const { client, router, session } = await joined(options, "rawsocket");
    client.says(CALL);
    await router.next();
    const pass = fakeTime();
    session.retire("shutdown", 1000);
    pass(750);
    client.says([48, 2, {}, "com.example.late", ["x".repeat(300_000)]]);
    expect((await client.next())?.slice(0, 5)).toEqual([8, 48, 2, {}, "wamp.error.unavailable"]);
    pass(250);
    expect((await router.rest()).map(([type]) => type)).toEqual([6]);
  });

  test("is not told where it has left before, and joined again", async () => {
    const { harness, client, router, session } = await joined();
    const pass = fakeTime();
    session.retire("shutdown", 1000);
    client.says([6, {}, "wamp.close.normal"]);
    await router.next();
    router.says([6, {}, "wamp.close.goodbye_and_out"]);
    expect((await client.next())?.[2]).toBe("wamp.close.goodbye_and_out");
    client.says(HELLO);
    const again = await harness.router.session();
    await again.welcome(8);
    expect((await client.next())?.[0]).toBe(2);
    pass(1000);
    again.says([36, 1, 2, {}, ["an event"]]);
    expect((await client.next())?.[0]).toBe(36);
  });
});

describe("max_connection_age", () => {
  test("ends a session with GOODBYE", async () => {
    const pass = fakeTime();
    const { client } = await joined({ max_connection_age: 1000 });
    pass(1100);
    pass(2000);
    expect(await client.next()).toEqual(OLD);
    client.says([6, {}, "wamp.close.goodbye_and_out"]);
    expect(await client.closed).toBe(1001);
  });

  test("lets a call be answered first", async () => {
    const pass = fakeTime();
    const { client, router } = await joined({ max_connection_age: 1000 });
    client.says(CALL);
    await router.next();
    pass(1100);
    router.says(RESULT);
    expect(await client.next()).toEqual(RESULT);
    expect(await client.next()).toEqual(OLD);
  });

  test("is told by the close alone where a shutdown is", async () => {
    const pass = fakeTime();
    const { client } = await joined({ max_connection_age: 1000, told_by_close: ["shutdown"] });
    pass(1100);
    pass(2000);
    expect(await client.rest()).toEqual([]);
    expect([await client.closed, client.closeReason]).toEqual([1001, AGE]);
  });

  test("waits for a client that is joining until it has joined", async () => {
    const pass = fakeTime();
    const harness = await sessionHarness({ options: { max_connection_age: 1000 } });
    const client = await harness.connect("websocket");
    client.says(HELLO);
    const router = await harness.router.session();
    await router.next();
    pass(1100);
    router.says([2, 7, { roles: {} }]);
    expect((await client.next())?.[0]).toBe(2);
    pass(1000);
    pass(2000);
    expect(await client.next()).toEqual(OLD);
  });

  test("is not followed any more when the connection has ended", async () => {
    fakeTime();
    const harness = await sessionHarness({ options: { max_connection_age: 1000 } });
    const timers = jest.getTimerCount();
    const peer = new FakePeer();
    const session = harness.begin(peer);
    // Of its age, and of its HELLO.
    expect(jest.getTimerCount()).toBe(timers + 2);
    session.onClose("gone");
    expect(jest.getTimerCount()).toBe(timers);
  });

  test("of a router reaches the clients of its proxies as a router that shuts down does", async () => {
    const { client, router } = await joined({ told_by_close: ["router_lost"] });
    router.says([6, {}, AGE]);
    expect(await client.rest()).toEqual([]);
    expect(await client.closed).toBe(1012);
  });
});
