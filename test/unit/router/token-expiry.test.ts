/** Sessions of a router whose clients have joined with a token, which ends. */

import { expect, test } from "bun:test";
import { SessionCounts } from "#observe/session-counts.ts";
import { RealmTable } from "#router/realm-table.ts";
import { RouterSession } from "#router/router-session.ts";
import { MessageType as M } from "#wamp/message-type.ts";
import { FakePeer } from "../../support/fake-peer.ts";
import { fakeTime } from "../../support/fake-time.ts";
import { noAuthenticators } from "../../support/no-authenticators.ts";
import { quiet } from "../../support/quiet-context.ts";
import { ask, everything } from "../../support/router-harness.ts";
import { openTicketTokens, SECRET, sign, tokenTicket } from "../../support/tokens.ts";

const ticket = tokenTicket();
const COUNT = [M.CALL, 1, {}, "wamp.session.count"];

/** A session that has joined with a token of five seconds, on a clock that stands still. */
async function joined() {
  const pass = fakeTime();
  const roles = [{ name: "user", permissions: [everything] }];
  const realms = new RealmTable([{ name: "realm1", roles }], quiet);
  const peer = new FakePeer();
  const session = new RouterSession(peer, { ticket }, realms, {
    ...noAuthenticators,
    ticketTokens: await openTicketTokens([ticket]),
    log: quiet,
    counts: new SessionCounts(),
    onEnd() {},
  });
  peer.attach(session);
  const exp = Math.floor(Date.now() / 1000) + 5;
  const left = exp * 1000 - Date.now();
  const hello = [M.HELLO, "realm1", { roles: { caller: {} }, authmethods: ["ticket"] }];
  const join = async () => {
    expect((await ask(peer, hello))[0]).toBe(M.CHALLENGE);
    const welcome = await ask(peer, [M.AUTHENTICATE, await sign(SECRET, { exp }), {}]);
    expect(welcome[0]).toBe(M.WELCOME);
  };
  await join();
  return { pass, peer, session, join, left };
}

test("a session ends with GOODBYE when its token does", async () => {
  const { pass, peer, session, left } = await joined();
  pass(left - 1);
  expect((await ask(peer, COUNT))[0]).toBe(M.RESULT);
  pass(1);
  expect(peer.take()).toEqual([[M.GOODBYE, {}, "crossproxy.close.token_expired"]]);
  expect(session.facts().reason).toBe("token_expired");
});

test("a session that was left, and the next one, end at their own times", async () => {
  const { pass, peer, join, left } = await joined();
  pass(left - 2);
  expect((await ask(peer, [M.GOODBYE, {}, "wamp.close.normal"]))[0]).toBe(M.GOODBYE);
  await join();
  pass(1);
  expect((await ask(peer, COUNT))[0]).toBe(M.RESULT);
  pass(1);
  expect(peer.take()).toEqual([[M.GOODBYE, {}, "crossproxy.close.token_expired"]]);
});
