/**
 * The realms of a router worker by name.
 *
 * @module
 */

import type { RealmConfig } from "#config/realm/realm-config.ts";
import type { Logger } from "#observe/logger.ts";
import { Realm } from "./realm.ts";

/** Opens the configured realms, without sessions. */
export function openRealms(configs: readonly RealmConfig[], log: Logger): Map<string, Realm> {
  return new Map(configs.map((config) => [config.name, new Realm(config, log)]));
}

/** Opens, changes and closes realms, until they are as another configuration has them. */
export function configureRealms(
  realms: Map<string, Realm>,
  configs: readonly RealmConfig[],
  log: Logger,
): void {
  const removed = new Map(realms);
  for (const config of configs) {
    removed.delete(config.name);
    const realm = realms.get(config.name);
    if (realm === undefined) realms.set(config.name, new Realm(config, log));
    else realm.configure(config);
  }
  for (const [name, realm] of removed) {
    realms.delete(name);
    realm.close();
  }
}
