/** Clients that begin a message and do not end it, in the states of their session. */

import { expect, test } from "bun:test";
import { sessionHarness, TRANSPORTS } from "../support/session-harness.ts";

const HELLO = [1, "realm1", { roles: { caller: {} } }];
const LEAVE = [6, {}, "wamp.close.normal"];
const KILLED = [6, { message: "bye" }, "wamp.close.killed"];
const CLOSE_REALM = [6, {}, "wamp.close.close_realm"];

const sentence = "a message was not complete within 50 ms";
const why = [{ message: sentence }, "crossproxy.close.message_timeout"];
const ABORT = [3, ...why];
const GOODBYE = [6, ...why];

/** The begins of a frame of 4096 octets. */
const BEGIN = { websocket: "81fe 1000 01020304 2020", rawsocket: "00001000 2020" };

/** A session in a state; the client has taken what it was sent so far, and the router too. */
async function reach(state: string, transport: (typeof TRANSPORTS)[number]) {
  const harness = await sessionHarness({ options: { message_timeout: 50 } });
  const client = await harness.connect(transport);
  if (state === "waiting") return { harness, client };
  client.says(HELLO);
  const router = await harness.router.session();
  await router.next();
  if (state === "joining") return { harness, client, router };
  router.says([2, 7, { roles: {} }]);
  await client.next();
  if (state === "leaving") client.says(LEAVE);
  if (state === "ending") {
    router.says(KILLED);
    await client.next();
  }
  if (state !== "joined") await router.next();
  return { harness, client, router };
}

for (const transport of TRANSPORTS) {
  test.each([
    // The state, what the client is sent, and the router.
    ["waiting", [ABORT], undefined],
    ["joining", [ABORT], []],
    ["joined", [GOODBYE], [CLOSE_REALM]],
    ["leaving", [GOODBYE], [CLOSE_REALM]],
    ["ending", [], []],
  ])(`a client over ${transport} that is %s`, async (state, sent, forRouter) => {
    const { harness, client, router } = await reach(state, transport);
    client.socket.write(Buffer.from(BEGIN[transport].replaceAll(" ", ""), "hex"));
    expect(await client.rest()).toEqual(sent);
    expect(await client.closed).toBe(transport === "websocket" ? 1008 : null);
    if (transport === "websocket") expect(client.closeReason).toBe(sentence);
    expect(await router?.rest()).toEqual(forRouter);
    await harness.empty();
  });
}
