/** Random clients on three nodes of one realm, whose workers are killed and stopped, and whose NATS server is killed. */

import { type CheckedOutcome, checkedRealm } from "./checker/checked-realm.ts";
import { type ClusterNode, startClusterNode } from "./cluster-nodes.ts";
import { type NatsServer, startNats } from "./nats-server.ts";
import { temporaryFolder } from "./temporary-folder.ts";
import { freePort } from "./temporary-node.ts";

/** Longer than the others wait for a worker (`presence_timeout` of the nodes). */
const MISSED_MS = 2_500;

/** Runs the clients for a time; the same seed makes them do the same. */
export async function checkedCluster(milliseconds: number, seed: number): Promise<CheckedOutcome> {
  const port = freePort();
  const folder = temporaryFolder();
  const servers = [`nats://127.0.0.1:${port}`];
  let server = await startNats(folder, port);
  const start = () => startClusterNode(servers);
  const nodes = await Promise.all([start(), start(), start()]);
  const [, second, third] = nodes;
  const restartServer = async () => {
    server = await restarted(server, nodes, () => startNats(folder, port));
  };
  try {
    return await checkedRealm({
      realm: "realm1",
      urls: nodes.map(({ url }) => url),
      clients: 15,
      milliseconds,
      seed,
      patience: { eventMs: 3_000, callMs: 10_000 },
      faults: [
        { name: "worker killed", happen: () => killRouter(second) },
        { name: "server killed", happen: restartServer },
        { name: "worker stopped", happen: () => stopRouter(third) },
      ],
      restMs: 1_500,
    });
  } finally {
    await Promise.all(nodes.map((node) => node.stop()));
    await server.kill();
  }
}

/** The process of the router that was started last. */
function routerPid(node: ClusterNode): number {
  const lines = [...node.output().matchAll(/worker started id=router .*worker_pid=(\d+)/g)];
  return Number(lines.at(-1)?.[1]);
}

async function killRouter(node: ClusterNode): Promise<void> {
  const from = node.output().length;
  process.kill(routerPid(node), "SIGKILL");
  await node.untilOutput(/worker started id=router/, from);
  await Bun.sleep(MISSED_MS);
}

/** The others take the worker for gone, and it comes back. */
async function stopRouter(node: ClusterNode): Promise<void> {
  const from = node.output().length;
  const pid = routerPid(node);
  process.kill(pid, "SIGSTOP");
  await Bun.sleep(MISSED_MS);
  process.kill(pid, "SIGCONT");
  await node.untilOutput(/cluster presence lost|cluster joined/, from);
}

async function restarted(
  server: NatsServer,
  nodes: readonly ClusterNode[],
  start: () => Promise<NatsServer>,
): Promise<NatsServer> {
  const from = nodes.map((node) => node.output().length);
  await server.kill();
  const next = await start();
  await Promise.all(nodes.map((node, at) => node.untilOutput(/cluster joined/, from[at])));
  return next;
}
