/** Ends of a session at which the client gets a bare close, without GOODBYE or ABORT. */

import { describe, expect, test } from "bun:test";
import { type HarnessOptions, sessionHarness } from "../support/session-harness.ts";

const HELLO = [1, "realm1", { roles: { caller: {} } }];
const GOODBYE = [6, {}, "wamp.close.normal"];

/** A joined session, and the router's side of it. */
async function joined(options: NonNullable<HarnessOptions["options"]>) {
  const harness = await sessionHarness({ options });
  const client = await harness.connect("websocket");
  client.says(HELLO);
  const router = await harness.router.session();
  await router.welcome();
  expect((await client.next())?.[0]).toBe(2);
  return { current: harness, client, router };
}

describe("told_by_close", () => {
  test("router_lost: a router that is gone is told with 1012, and no GOODBYE", async () => {
    const { client, router } = await joined({ told_by_close: ["router_lost"] });
    router.hangUp();
    expect(await client.rest()).toEqual([]);
    expect(await client.closed).toBe(1012);
  });

  test("router_lost: a router that says it shuts down is told with 1012, and no GOODBYE", async () => {
    const { client, router } = await joined({ told_by_close: ["router_lost"] });
    router.says([6, {}, "wamp.close.system_shutdown"]);
    expect(await client.rest()).toEqual([]);
    expect(await client.closed).toBe(1012);
  });

  test("router_lost: a router that shuts down at a join is told by a cut if it was there", async () => {
    const abort = [3, {}, "wamp.close.system_shutdown"];
    const { current } = await joined({ told_by_close: ["router_lost"] });
    const late = await current.connect("websocket");
    late.says(HELLO);
    const again = await current.router.session();
    await again.next();
    again.says(abort);
    expect(await late.rest()).toEqual([]);
    const harness = await sessionHarness({ options: { told_by_close: ["router_lost"] } });
    const first = await harness.connect("websocket");
    first.says(HELLO);
    const router = await harness.router.session();
    await router.next();
    router.says(abort);
    expect(await first.rest()).toEqual([abort]);
  });

  test("router_lost: a client that waits for the answer to its GOODBYE has it", async () => {
    const { client, router } = await joined({ told_by_close: ["router_lost"] });
    client.says(GOODBYE);
    await router.next();
    router.hangUp();
    expect(await client.next()).toEqual([6, {}, "wamp.close.goodbye_and_out"]);
  });

  test("router_lost: the router's own GOODBYE is passed on", async () => {
    const { client, router } = await joined({ told_by_close: ["router_lost"] });
    router.says([6, { message: "bye" }, "wamp.close.killed"]);
    expect(await client.next()).toEqual([6, { message: "bye" }, "wamp.close.killed"]);
  });

  test("router_lost: while a router is away that was there, a join is cut off", async () => {
    const { current, router } = await joined({ told_by_close: ["router_lost"] });
    router.hangUp();
    await current.router.close();
    const client = await current.connect("websocket");
    client.says(HELLO);
    expect(await client.rest()).toEqual([]);
    expect(await client.closed).toBe(null);
  });

  test("router_lost: while a router hangs that was there, a join is cut off", async () => {
    const harness = await sessionHarness({
      options: { told_by_close: ["router_lost"] },
      joinTimeoutMs: 100,
    });
    const first = await harness.connect("websocket");
    first.says(HELLO);
    await (await harness.router.session()).welcome();
    expect((await first.next())?.[0]).toBe(2);
    const client = await harness.connect("websocket");
    client.says(HELLO);
    expect(await client.rest()).toEqual([]);
    expect(await client.closed).toBe(null);
  });

  test("router_lost: a router that was there and ends the connection at a join is told by a cut", async () => {
    const { current } = await joined({ told_by_close: ["router_lost"] });
    const client = await current.connect("websocket");
    client.says(HELLO);
    (await current.router.session()).hangUp();
    expect(await client.rest()).toEqual([]);
    expect(await client.closed).toBe(null);
  });

  test("router_lost: at a join, the end of the node is told with ABORT", async () => {
    const { current } = await joined({ told_by_close: ["router_lost"] });
    const client = await current.connect("websocket");
    client.says(HELLO);
    await (await current.router.session()).next();
    void current.sessions.shutdown(2000);
    const abort = [3, { message: "The node shuts down" }, "wamp.close.system_shutdown"];
    expect(await client.rest()).toEqual([abort]);
    expect(await client.closed).toBe(1001);
  });

  test("router_lost: a client that answers no CHALLENGE is told with ABORT", async () => {
    const harness = await sessionHarness({
      auth: "passthrough",
      options: { told_by_close: ["router_lost"] },
      joining: { authenticate_timeout: 50 },
    });
    const first = await harness.connect("websocket");
    first.says(HELLO);
    await (await harness.router.session()).welcome();
    await first.next();
    const client = await harness.connect("websocket");
    client.says(HELLO);
    const router = await harness.router.session();
    await router.next();
    router.says([4, "ticket", {}]);
    expect((await client.rest()).map(([type]) => type)).toEqual([4, 3]);
    expect(await client.closed).toBe(1008);
  });

  test("router_lost: a router that never was there is told with ABORT", async () => {
    const { current } = await joined({ told_by_close: ["router_lost"] });
    const client = await current.connect("websocket");
    client.says([1, "down", { roles: { caller: {} } }]);
    expect((await client.rest())[0]?.slice(0, 1)).toEqual([3]);
  });

  test("shutdown: the end of the node is told with 1001", async () => {
    const { current, client } = await joined({ told_by_close: ["shutdown"] });
    await current.sessions.shutdown(2000);
    expect(await client.rest()).toEqual([]);
    expect(await client.closed).toBe(1001);
  });

  test.each([
    ["leaving", [GOODBYE]],
    ["rejoining", [GOODBYE, HELLO]],
  ])("shutdown: a client that is %s waits for a GOODBYE, and has it", async (_, says) => {
    const { current, client, router } = await joined({ told_by_close: ["shutdown"] });
    client.says(...says);
    expect(await router.next()).toEqual(GOODBYE);
    void current.sessions.shutdown(2000);
    expect((await client.next())?.[2]).toBe("wamp.close.system_shutdown");
  });

  test("names only what it names", async () => {
    const { current, client } = await joined({ told_by_close: ["router_lost"] });
    void current.sessions.shutdown(2000);
    expect((await client.next())?.[2]).toBe("wamp.close.system_shutdown");
  });
});
