/** What a router answers at a join, and what its client and the log get of it. */

import { expect, test } from "bun:test";
import { type HarnessOptions, sessionHarness } from "../support/session-harness.ts";

const HELLO = [1, "realm1", { roles: { caller: {} } }];

/** A client that has sent its HELLO, and the router that has it. */
async function joining(options: HarnessOptions = {}) {
  const harness = await sessionHarness(options);
  const client = await harness.connect("websocket");
  client.says(HELLO);
  const router = await harness.router.session();
  await router.next();
  return { harness, client, router };
}

test.each([undefined, "passthrough"] as const)(
  "a WELCOME that the client's serializer lacks a value of is no fault of the router (auth: %p)",
  async (auth) => {
    const { client, router } = await joining({ auth });
    router.says([2, 7, { roles: { broker: { features: { limit: Number.NaN } } } }]);
    const message = expect.stringMatching(/NaN|number/);
    expect(await client.rest()).toEqual([[3, { message }, "wamp.error.invalid_argument"]]);
    expect(await router.closed.promise).toBeString();
  },
);

test("a WELCOME that cannot be read is", async () => {
  const { harness, client, router } = await joining();
  router.saysOctets(Buffer.from("8302", "hex"));
  const message = "Cannot join: the router's answer makes no sense";
  expect(await client.rest()).toEqual([[3, { message }, "wamp.error.network_failure"]]);
  expect(harness.logged.map(([, text]) => text)).toContain("router message refused");
});

test.each([
  [undefined, { realm: "realm1", authrole: "anonymous", authmethod: "anonymous" }],
  ["passthrough", { realm: undefined, authid: "joe" }],
] as const)("a WELCOME is a line in the log (auth: %p)", async (auth, identity) => {
  const { harness, client, router } = await joining({ auth });
  router.says([2, 7, { roles: {}, authid: "joe" }]);
  await client.next();
  const peer = expect.any(String);
  const fields = expect.objectContaining({ peer, session: 7, ...identity });
  expect(harness.logged).toContainEqual(["info", "session joined", fields]);
});
