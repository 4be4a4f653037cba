/** Long messages in the built binary, which holds the module of their thread. */

import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { afterTest } from "../support/cleanups.ts";
import { proxiedNode } from "../support/proxied-node.ts";
import { workerPids } from "../support/temporary-node.ts";

/** A client of JSON that has joined; `next` gives its messages in order. */
async function join(port: number) {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/`, ["wamp.2.json"]);
  afterTest(() => socket.terminate());
  const messages: unknown[][] = [];
  let wake = () => {};
  socket.onmessage = ({ data }) => {
    messages.push(JSON.parse(String(data)) as unknown[]);
    wake();
  };
  const next = async (): Promise<unknown[]> => {
    while (messages.length === 0) await new Promise<void>((resolve) => (wake = resolve));
    return messages.shift() ?? [];
  };
  await new Promise((resolve) => (socket.onopen = resolve));
  const say = (message: unknown[]) => socket.send(JSON.stringify(message));
  say([1, "realm1", { roles: { publisher: {}, subscriber: {} } }]);
  expect((await next())[0]).toBe(2);
  return { say, next };
}

/** How many threads of a process run JavaScript beside its event loop; the engine may have another so named. */
function workerThreads(pid: number): number {
  const names = readdirSync(`/proc/${pid}/task`).map((task) =>
    readFileSync(`/proc/${pid}/task/${task}/comm`, "utf8").trim(),
  );
  return names.filter((name) => name === "Worker").length;
}

test("a long message arrives, through a thread of the proxy and of the router", async () => {
  const { node, proxyPort } = await proxiedNode();
  const client = await join(proxyPort);
  client.say([32, 1, {}, "com.example.topic"]);
  await client.next();
  const { router, proxy } = workerPids(node.output());
  const threads = () => [router, proxy].map((pid) => workerThreads(Number(pid)));
  expect(threads()).toEqual([0, 0]);
  const long = "é".repeat(300_000);
  client.say([16, 2, { exclude_me: false }, "com.example.topic", [long]]);
  expect((await client.next())[4]).toEqual([long]);
  for (const count of threads()) expect(count).toBeGreaterThan(0);
  expect(await node.stop()).toBe(0);
});
