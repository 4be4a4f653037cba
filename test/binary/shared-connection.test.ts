/** The sessions of a proxy worker share one connection to the router worker, in the built binary. */

import { expect, test } from "bun:test";
import { readdirSync, readlinkSync } from "node:fs";
import { afterTest } from "../support/cleanups.ts";
import { proxiedNode } from "../support/proxied-node.ts";
import { ScriptedClient } from "../support/scripted-client.ts";
import { workerPids } from "../support/temporary-node.ts";

async function join(port: number): Promise<ScriptedClient> {
  const client = await ScriptedClient.open(`ws://127.0.0.1:${port}/`, "cbor");
  afterTest(() => client.socket.destroy());
  client.says([1, "realm1", { roles: { publisher: {}, subscriber: {} } }]);
  expect((await client.next())?.[0]).toBe(2);
  return client;
}

function openSockets(pid = 0): number {
  const links = readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
  return links.filter((link) => link.startsWith("socket:")).length;
}

test("twenty sessions take one, and an end of the router is told to each", async () => {
  const { node, proxyPort } = await proxiedNode();
  const { router: pid = 0 } = workerPids(node.output());
  const first = await join(proxyPort);
  const before = openSockets(pid);
  const others = await Promise.all(Array.from({ length: 19 }, () => join(proxyPort)));
  expect(openSockets(pid)).toBe(before);
  for (const client of [first, ...others]) client.says([32, 1, {}, "a.b"]);
  for (const client of [first, ...others]) expect((await client.next())?.[0]).toBe(33);
  first.says([16, 2, { exclude_me: false }, "a.b", ["to all"]]);
  for (const client of [first, ...others]) {
    expect(await client.next()).toMatchObject({ 0: 36, 4: ["to all"] });
  }
  process.kill(pid, "SIGKILL");
  for (const client of [first, ...others]) {
    expect(await client.next()).toMatchObject([6, {}, "wamp.close.system_shutdown"]);
  }
});
