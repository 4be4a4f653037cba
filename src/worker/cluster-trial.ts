/**
 * tryClusters: whether the servers of clusters let a worker in, before there is one.
 *
 * @module
 */

import { withinTime } from "#base/within-time.ts";
import type { ClusterConfig } from "#config/realm/cluster-config.ts";
import type { RealmConfig } from "#config/realm/realm-config.ts";
import type { LogFields, Logger } from "#observe/logger.ts";
import { WorkerClusters } from "./worker-clusters.ts";

/** Longer than one attempt takes, so that its reason is known. */
const DEADLINE_MS = 6_000;

/** Connects for each realm that has a cluster, and leaves again; gives a sentence for each that cannot. */
export async function tryClusters(realms: readonly RealmConfig[]): Promise<string[]> {
  const faults = await Promise.all(
    realms.map(async ({ name, cluster }) => {
      if (cluster === undefined) return [];
      const reason = await faultOf(name, cluster);
      const servers = cluster.servers.join(", ");
      return reason === null
        ? []
        : [`Cannot connect the cluster of realm "${name}" to ${servers}: ${reason}`];
    }),
  );
  return faults.flat();
}

/** Null: the servers can be reached, and keep the table. */
async function faultOf(name: string, cluster: ClusterConfig): Promise<string | null> {
  let reason = `no answer within ${DEADLINE_MS / 1000} seconds`;
  const failed = Promise.withResolvers<void>();
  const log = onWarning((fields) => {
    reason = String(fields?.["reason"] ?? reason);
    failed.resolve();
  });
  const clusters = new WorkerClusters("check", log);
  await clusters.load([{ name, roles: [], cluster }]);
  const engine = clusters.of(cluster);
  const connected = Promise.withResolvers<void>();
  const stop = engine.observe({ connected: connected.resolve, apart() {} });
  if (engine.isConnected) connected.resolve();
  await withinTime(Promise.race([connected.promise, failed.promise]), DEADLINE_MS);
  const { isConnected } = engine;
  stop();
  await clusters.close();
  return isConnected ? null : reason;
}

function onWarning(warn: (fields?: LogFields) => void): Logger {
  return { error() {}, warn: (_, fields) => warn(fields), info() {}, debug() {} };
}
