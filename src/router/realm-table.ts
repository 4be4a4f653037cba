/**
 * The realms of a router worker by name.
 *
 * @module
 */

import type { RealmConfig } from "#config/node-config.ts";
import type { Logger } from "#observe/logger.ts";
import { Realm } from "./realm.ts";

/** The realms that are configured, with nobody in them. */
export function openRealms(configs: readonly RealmConfig[], log: Logger): Map<string, Realm> {
  return new Map(configs.map((config) => [config.name, new Realm(config, log)]));
}

/** Says GOODBYE to every session of every realm. */
export function closeAll(realms: ReadonlyMap<string, Realm>, reasonUri: string): void {
  for (const realm of realms.values()) realm.closeAll(reasonUri);
}
