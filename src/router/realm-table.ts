/**
 * RealmTable: the realms of a router worker by name, also those that clients open by joining them.
 *
 * A configuration with the realm `*` has a template: a realm that it does not name is opened when a client joins it. It
 * stays until another one needs its place while nothing uses it.
 *
 * @module
 */

import type { RealmConfig } from "#config/realm/realm-config.ts";
import type { Logger } from "#observe/logger.ts";
import { isLooseUri } from "#wamp/loose-uri.ts";
import type { ClusterEngines } from "./cluster/realm-cluster.ts";
import { Realm } from "./realm.ts";

/** The name of the template. */
const ANY = "*";

/** The realms of one worker. */
export class RealmTable {
  readonly #log: Logger;
  readonly #engines: ClusterEngines | undefined;
  readonly #realms = new Map<string, Realm>();
  /** The names of those that are made of the template, the oldest first. */
  readonly #onDemand = new Set<string>();
  /** Undefined: clients open no realms. */
  #template: RealmConfig | undefined;

  /** Opens the configured realms, without sessions; `engines` connect those with `cluster` to other workers. */
  constructor(configs: readonly RealmConfig[], log: Logger, engines?: ClusterEngines) {
    this.#log = log;
    this.#engines = engines;
    this.configure(configs);
  }

  /** A realm, which is opened if need be; undefined: there is none, and no place for it. */
  get(name: string): Realm | undefined {
    return this.#realms.get(name) ?? this.#openOnDemand(name);
  }

  /** Opens, changes and closes realms, until they are as another configuration has them. */
  configure(configs: readonly RealmConfig[]): void {
    const { template, named } = split(configs);
    this.#template = template;
    const removed = new Map(this.#realms);
    for (const config of named) {
      removed.delete(config.name);
      this.#onDemand.delete(config.name);
      let realm = this.#realms.get(config.name);
      if (realm !== undefined && !realm.hasCluster(config.cluster)) {
        realm.close();
        realm = undefined;
      }
      if (realm === undefined)
        this.#realms.set(config.name, new Realm(config, this.#log, this.#engines));
      else realm.configure(config);
    }
    for (const [name, realm] of removed) {
      const mayStay = template !== undefined && this.#onDemand.has(name);
      if (mayStay) realm.configure({ ...template, name });
      else this.#close(name, realm);
    }
  }

  /** The clusters of the realms that have one. */
  clusters(): { realm: string; servers: string; isCurrent: boolean }[] {
    return [...this.#realms.values()].flatMap(({ name, cluster }) =>
      cluster === undefined
        ? []
        : [{ realm: name, servers: cluster.servers, isCurrent: cluster.isCurrent }],
    );
  }

  /** Waits until the realms know the other workers of their clusters, as long as one may take to be missed. */
  async joinClusters(): Promise<void> {
    await Promise.all([...this.#realms.values()].map(({ cluster }) => cluster?.join()));
  }

  /** The other workers need not wait to learn that this one ends. */
  async leaveClusters(): Promise<void> {
    await Promise.all([...this.#realms.values()].map(({ cluster }) => cluster?.close()));
  }

  #openOnDemand(name: string): Realm | undefined {
    const template = this.#template;
    if (template === undefined || name === ANY || !isLooseUri(name)) return undefined;
    const { max_realms: most = 0 } = template;
    if (this.#onDemand.size >= most) this.#closeUnused();
    if (this.#onDemand.size >= most) {
      this.#log.warn("no place for a realm", { realm: name, max_realms: most });
      return undefined;
    }
    const realm = new Realm({ ...template, name }, this.#log, this.#engines);
    this.#realms.set(name, realm);
    this.#onDemand.add(name);
    return realm;
  }

  /** Closes the oldest realm that nothing uses. */
  #closeUnused(): void {
    for (const name of this.#onDemand) {
      const realm = this.#realms.get(name);
      if (realm === undefined || realm.isUsed) continue;
      this.#close(name, realm);
      return;
    }
  }

  #close(name: string, realm: Realm): void {
    this.#realms.delete(name);
    this.#onDemand.delete(name);
    realm.close();
  }
}

function split(configs: readonly RealmConfig[]) {
  const template = configs.find(({ name }) => name === ANY);
  return { template, named: configs.filter(({ name }) => name !== ANY) };
}
