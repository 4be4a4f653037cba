/**
 * Random clients of a realm, on its router and on proxies, get what WAMP promises; so do those who are left when a proxy
 * is killed, or stands still for a while.
 */

import { expect, test } from "bun:test";
import { checkedRealm } from "../support/checker/checked-realm.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { freePorts, nodeForTest, type TemporaryNode } from "../support/temporary-node.ts";
import { proxyWorker, separateRouter } from "../support/upgraded-node.ts";

const STILL_MS = 300;

/** The process of a worker that was started last. */
function pidOf(node: TemporaryNode, id: string): number {
  const line = new RegExp(`worker started id=${id} .*worker_pid=(\\d+)`, "g");
  return Number([...node.output().matchAll(line)].at(-1)?.[1]);
}

test("a realm keeps its promises to random clients of its router and of proxies", async () => {
  const router = await separateRouter();
  const [one = 0, other = 0] = freePorts(2);
  const endpointOf = (port: number) => ({ type: "tcp", port, interface: "127.0.0.1" });
  const workers = [
    proxyWorker("one", router.socket, [endpointOf(one)]),
    proxyWorker("other", router.socket, [endpointOf(other)]),
  ];
  const node = await nodeForTest(temporaryFolder({ "node.json": { version: 2, workers } }));
  const kill = async () => {
    const from = node.output().length;
    process.kill(pidOf(node, "one"), "SIGKILL");
    await node.untilOutput(/worker started id=one/, from);
  };
  const stop = async () => {
    process.kill(pidOf(node, "other"), "SIGSTOP");
    await Bun.sleep(STILL_MS);
    process.kill(pidOf(node, "other"), "SIGCONT");
  };
  const { history, violations } = await checkedRealm({
    realm: "realm1",
    urls: [router.url, ...[one, other].map((port) => `ws://127.0.0.1:${port}/`)],
    clients: 15,
    milliseconds: 6_000,
    seed: 1,
    patience: { eventMs: 3_000, callMs: 10_000 },
    faults: [
      { name: "proxy killed", happen: kill },
      { name: "proxy stands still", happen: stop },
    ],
    restMs: 1_000,
  });
  expect(violations).toEqual([]);
  expect(history.disturbances.length).toBeGreaterThan(1);
  expect(history.events.length).toBeGreaterThan(100);
}, 60_000);
