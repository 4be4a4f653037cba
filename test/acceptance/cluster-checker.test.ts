/**
 * A realm on three nodes keeps its promises to random clients of all of them, and to those who are left when one of its
 * workers is killed, or its NATS server is.
 */

import { afterAll, beforeAll, expect, test } from "bun:test";
import { checkedRealm } from "../support/checker/checked-realm.ts";
import { type ClusterNode, startClusterNode } from "../support/cluster-nodes.ts";
import { hasNats, type NatsServer, startNats } from "../support/nats-server.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { freePort } from "../support/temporary-node.ts";

const port = freePort();
const folder = temporaryFolder();
const servers = [`nats://127.0.0.1:${port}`];
let server: NatsServer;
let nodes: ClusterNode[] = [];

beforeAll(async () => {
  if (!hasNats) return;
  server = await startNats(folder, port);
  nodes = await Promise.all([0, 1, 2].map(() => startClusterNode(servers)));
});

afterAll(async () => {
  await Promise.all(nodes.map((node) => node.stop()));
  await server?.kill();
});

/** The process of the router that was started last. */
function routerPid(node: ClusterNode): number {
  const lines = [...node.output().matchAll(/worker started id=router .*worker_pid=(\d+)/g)];
  return Number(lines.at(-1)?.[1]);
}

async function killRouter(node: ClusterNode): Promise<void> {
  const from = node.output().length;
  process.kill(routerPid(node), "SIGKILL");
  await node.untilOutput(/worker started id=router/, from);
  // The others miss it only after that.
  await Bun.sleep(2_000);
}

async function restartServer(): Promise<void> {
  const from = nodes.map((node) => node.output().length);
  await server.kill();
  server = await startNats(folder, port);
  await Promise.all(nodes.map((node, at) => node.untilOutput(/cluster joined/, from[at])));
}

test.skipIf(!hasNats)(
  "a cluster keeps its promises to random clients",
  async () => {
    const [, second] = nodes;
    const { history, violations } = await checkedRealm({
      realm: "realm1",
      urls: nodes.map(({ url }) => url),
      clients: 15,
      milliseconds: 10_000,
      seed: 2,
      patience: { eventMs: 3_000, callMs: 10_000 },
      faults: [
        { name: "worker killed", happen: () => killRouter(second as ClusterNode) },
        { name: "server killed", happen: restartServer },
      ],
      restMs: 1_500,
    });
    expect(violations).toEqual([]);
    expect(history.disturbances.length).toBeGreaterThan(1);
    expect(history.events.length).toBeGreaterThan(100);
  },
  60_000,
);
