/** A WebSocket client sees the same close code behind an ABORT, wherever the reason for it was found. */

import { expect, test } from "bun:test";
import type { ScriptedClient } from "../support/scripted-client.ts";
import { joiningHarness, sessionHarness } from "../support/session-harness.ts";

/** The reason of the ABORT that the client gets, and the close code behind it. */
async function end(client: ScriptedClient) {
  const [type, , uri] = (await client.next()) ?? [];
  return [type, uri, await client.closed];
}

test.each([
  ["wamp.error.protocol_violation", 1002],
  ["wamp.error.payload_size_exceeded", 1009],
  ["wamp.error.internal_error", 1011],
  ["wamp.error.not_authorized", 1000],
])("%s of the router: %d, at the join and in the session", async (reason, code) => {
  for (const options of [{}, { auth: "passthrough" }] as const) {
    const { client, router } = await joiningHarness(options);
    router.says([3, {}, reason]);
    expect(await end(client)).toEqual([3, reason, code]);
  }
  const { client, router } = await joiningHarness();
  router.says([2, 7, { roles: {} }]);
  await client.next();
  router.says([3, {}, reason]);
  expect(await end(client)).toEqual([3, reason, code]);
});

test.each([
  ["a message that is not allowed", [50, 1, {}], "wamp.error.protocol_violation", 1002],
  [
    "a HELLO that is too long",
    [1, "realm1", { x: "x".repeat(70_000) }],
    "wamp.error.payload_size_exceeded",
    1009,
  ],
  [
    "an authmethod that is not configured",
    [1, "realm1", { roles: { caller: {} }, authmethods: ["ticket"] }],
    "wamp.error.no_auth_method",
    1000,
  ],
])("%s, found by the proxy", async (_, message, uri, code) => {
  const harness = await sessionHarness({ options: { max_message_size: 100_000 } });
  const client = await harness.connect("websocket");
  client.says(message);
  expect(await end(client)).toEqual([3, uri, code]);
});

test("the end of the node, found before the session has joined", async () => {
  const { harness, client } = await joiningHarness();
  harness.open[0]?.shutdown();
  expect(await end(client)).toEqual([3, "wamp.close.system_shutdown", 1001]);
});
