/**
 * Normalizes router workers.
 *
 * @module
 */

import {
  normalizePythonOptions,
  normalizeRouterComponents,
} from "#config/component/normalize-component.ts";
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
  const isRealmKnown = (realm: string) => isUncertain || realms.some(({ name }) => name === realm);
  const isRoleKnown = (role: string, realm?: string) => isUncertain || hasRole(realms, role, realm);
  const transports = normalizeTransports(item.transports, path, {
    report,
    workerType: "router",
    isRealmKnown,
    isRoleKnown,
    forkedRealms: [],
    connections: {},
  });
  const list = normalizeRouterComponents(asList(item.components), [...path, "components"], report, {
    isRealmKnown,
    isRoleKnown,
  });
  if (list.length === 0) return { type: "router", id, realms, transports };
  // Title and processors are of the worker itself in Crossbar, and are warned of.
  const at = [...path, "options"];
  const { title: _, ...written } = normalizePythonOptions(item.options, at, report);
  const options = { ...written, cpu_affinity: [] };
  return { type: "router", id, realms, transports, components: { list, options } };
}
