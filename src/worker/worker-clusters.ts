/**
 * WorkerClusters: the connections of a router worker to the NATS servers of its realms' clusters.
 *
 * @module
 */

import { hostname } from "node:os";
import type { ClusterConfig } from "#config/realm/cluster-config.ts";
import type { RealmConfig } from "#config/realm/realm-config.ts";
import type { Logger } from "#observe/logger.ts";
import type { ClusterEngine } from "#router/cluster/cluster-engine.ts";
import type { ClusterEngines } from "#router/cluster/realm-cluster.ts";

type Open = (config: ClusterConfig) => ClusterEngine;

/** One connection for each cluster, which lasts as long as the worker. */
export class WorkerClusters implements ClusterEngines {
  readonly label: string;
  readonly #log: Logger;
  readonly #engines = new Map<string, ClusterEngine>();
  #open: Open | undefined;

  /** `worker` is its id. */
  constructor(worker: string, log: Logger) {
    this.label = `${hostname()}/${worker}/${process.pid}`;
    this.#log = log;
  }

  /** Loads what these realms need; nothing where none has a cluster. */
  async load(realms: readonly RealmConfig[]): Promise<void> {
    if (this.#open !== undefined || !realms.some(({ cluster }) => cluster !== undefined)) return;
    const { NatsEngine } = await import("#router/cluster/nats-engine.ts");
    this.#open = (config) => new NatsEngine(config, this.label, this.#log);
  }

  of(config: ClusterConfig): ClusterEngine {
    const key = JSON.stringify(config);
    const known = this.#engines.get(key);
    if (known !== undefined) return known;
    if (this.#open === undefined) throw new Error("the engine of clusters is not loaded");
    const engine = this.#open(config);
    this.#engines.set(key, engine);
    return engine;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#engines.values()].map((engine) => engine.close()));
  }
}
