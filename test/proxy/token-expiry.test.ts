/** Sessions of a proxy whose clients have joined with a token, which ends. */

import { expect, test } from "bun:test";
import { fakeTime } from "../support/fake-time.ts";
import { type HarnessOptions, sessionHarness } from "../support/session-harness.ts";
import { openTicketTokens, SECRET, sign, tokenTicket } from "../support/tokens.ts";

const EXPIRED = [
  6,
  { message: "The token of this session has expired: connect again with another one" },
  "crossproxy.close.token_expired",
];
const EVENT = [36, 1, 2, {}, ["an event"]];
const GOODBYE = [6, {}, "wamp.close.normal"];
const ticket = tokenTicket();

/** A session that has joined with a token of five seconds, on a clock that stands still. */
async function joined(options: NonNullable<HarnessOptions["options"]> = {}) {
  const pass = fakeTime();
  const ticketTokens = await openTicketTokens([ticket]);
  const harness = await sessionHarness({ auth: { ticket }, ticketTokens, options });
  const client = await harness.connect("websocket");
  const exp = Math.floor(Date.now() / 1000) + 5;
  const left = exp * 1000 - Date.now();
  const join = async () => {
    client.says([1, "realm1", { roles: { caller: {} }, authmethods: ["ticket"] }]);
    expect(await client.next()).toEqual([4, "ticket", {}]);
    client.says([5, await sign(SECRET, { exp }), {}]);
    const router = await harness.router.session();
    await router.welcome();
    expect((await client.next())?.[0]).toBe(2);
    return router;
  };
  return { pass, harness, client, join, router: await join(), left };
}

test("a session ends with GOODBYE when its token does, though a call is under way", async () => {
  const { pass, harness, client, router, left } = await joined();
  client.says([48, 1, {}, "com.example.slow"]);
  await router.next();
  pass(left - 1);
  router.says(EVENT);
  expect(await client.next()).toEqual(EVENT);
  pass(1);
  expect(await client.next()).toEqual(EXPIRED);
  expect((await router.next()).slice(0, 3)).toEqual([6, {}, "crossproxy.close.token_expired"]);
  client.says([6, {}, "wamp.close.goodbye_and_out"]);
  expect(await client.closed).toBe(1001);
  expect(harness.open[0]?.facts().reason).toBe("token_expired");
});

test("a client that reconnects by the close alone sees no GOODBYE", async () => {
  const { pass, client, left } = await joined({ told_by_close: ["shutdown"] });
  pass(left);
  expect(await client.rest()).toEqual([]);
  expect([await client.closed, client.closeReason]).toEqual([
    1001,
    "crossproxy.close.token_expired",
  ]);
});

test("a session that was left, and the next one, end at their own times", async () => {
  const { pass, client, join, router, left } = await joined();
  pass(left - 2);
  client.says(GOODBYE);
  await router.next();
  router.says([6, {}, "wamp.close.goodbye_and_out"]);
  expect((await client.next())?.[2]).toBe("wamp.close.goodbye_and_out");
  const again = await join();
  pass(1);
  again.says(EVENT);
  expect(await client.next()).toEqual(EVENT);
  pass(1);
  expect(await client.next()).toEqual(EXPIRED);
});

test("the end of a token at the router reaches a client as that of a connection does", async () => {
  const { client, router } = await joined({ told_by_close: ["router_lost"] });
  router.says([6, {}, "crossproxy.close.token_expired"]);
  expect(await client.rest()).toEqual([]);
  expect(await client.closed).toBe(1012);
});
