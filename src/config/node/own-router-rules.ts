/**
 * Rules across workers: routes that lead to a router of the same node fit its realms and roles.
 *
 * @module
 */

import { ANY } from "#config/connection/normalize-routes.ts";
import type { ProxyWorkerConfig, RouterWorkerConfig, WorkerConfig } from "#config/node-config.ts";
import { hasRole } from "#config/realm/normalize-realm.ts";
import type { JsonPath } from "#config/text/config-issue.ts";
import type { Report } from "#config/text/report.ts";

/** A worker and its path in the configuration. */
export interface PlacedWorker {
  worker: WorkerConfig;
  path: JsonPath;
}

/**
 * Warns of routes that lead over a Unix socket to a router worker of this node which has no such
 * realm or role: the router refuses the sessions of such a route. The realms of other nodes are unknown.
 */
export function checkOwnRouters(placed: readonly PlacedWorker[], report: Report): void {
  const routers = new Map<string, RouterWorkerConfig>();
  for (const { worker, path } of placed) {
    if (worker.type !== "router" || report.isMalformed([...path, "realms"])) continue;
    for (const { endpoint } of worker.transports) {
      if (endpoint.type === "unix") routers.set(endpoint.path, worker);
    }
  }
  for (const { worker, path } of placed) {
    if (worker.type === "proxy") checkRoutes(worker, [...path, "routes"], routers, report);
  }
}

function checkRoutes(
  { connections, routes }: ProxyWorkerConfig,
  path: JsonPath,
  routers: ReadonlyMap<string, RouterWorkerConfig>,
  report: Report,
): void {
  const ownRouters = (ids: readonly string[]) =>
    ids.flatMap((id) => {
      const endpoint = Object.hasOwn(connections, id) ? connections[id]?.transport.endpoint : null;
      const router = endpoint?.type === "unix" ? routers.get(endpoint.path) : undefined;
      return router ?? [];
    });
  for (const [realm, roles] of Object.entries(routes)) {
    if (realm === ANY) continue;
    const without = (router: RouterWorkerConfig) =>
      !router.realms.some(({ name }) => name === realm);
    const lacking = ownRouters(Object.values(roles).flat()).find(without);
    if (lacking !== undefined) {
      const state = `worker "${lacking.id}", to which it leads, has no realm "${realm}"`;
      report.warn([...path, realm], `${state}; add it to its realms`);
      continue;
    }
    for (const [role, ids] of Object.entries(roles)) {
      const router = ownRouters(ids).find((one) => !hasRole(one.realms, role, realm));
      if (role === ANY || router === undefined) continue;
      const state = `realm "${realm}" of worker "${router.id}", to which it leads, has no role "${role}"`;
      report.warn([...path, realm, role], `${state}; add it to its roles`);
    }
  }
}
