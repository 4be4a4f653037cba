/**
 * Normalizes router workers.
 *
 * @module
 */

import type { RouterWorkerConfig } from "#config/node-config.ts";
import { hasRole, normalizeRealms } from "#config/realm/normalize-realm.ts";
import type { JsonPath } from "#config/text/config-issue.ts";
import type { Report } from "#config/text/report.ts";
import { asList, normalizeTransports } from "#config/transport/normalize-transport.ts";
import type { WorkerItem } from "./node-schema.ts";

/** The normalized router worker. */
export function normalizeRouter(
  item: Extract<WorkerItem, { type: "router" }>,
  id: string,
  path: JsonPath,
  report: Report,
): RouterWorkerConfig {
  const realms = normalizeRealms(asList(item.realms), [...path, "realms"], report);
  // A malformed realm may be the one that is missing: no realm and no role is reported as missing.
  const isUncertain = report.isMalformed([...path, "realms"]);
  const transports = normalizeTransports(item.transports, path, {
    report,
    workerType: "router",
    isRealmKnown: (realm) => isUncertain || realms.some(({ name }) => name === realm),
    isRoleKnown: (role, realm) => isUncertain || hasRole(realms, role, realm),
    forkedRealms: [],
    connections: {},
  });
  return { type: "router", id, realms, transports };
}
