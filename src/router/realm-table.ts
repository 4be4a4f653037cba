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
