/**
 * Rules across workers: routes that lead to a router of the same node fit its realms and roles, and
 * authenticators fit them too. The realms of other nodes are unknown.
 *
 * @module
 */

import { ANY } from "#config/connection/normalize-routes.ts";
import { warnOfAuthorizers } from "#config/realm/authorizer-rules.ts";
import { findRealm, hasRole } from "#config/realm/normalize-realm.ts";
import { TRUSTED } from "#config/realm/role-permissions.ts";
import type { JsonPath } from "#config/text/config-issue.ts";
import type { Report } from "#config/text/report.ts";
import { warnOfAuthenticator } from "./authenticator-rules.ts";
import { OwnRouters, type PlacedWorker } from "./own-routers.ts";
import type { ProxyWorkerConfig, RouterWorkerConfig } from "./worker-config.ts";

/**
 * Warns of routes that lead to a router worker of this node which has no such realm or role: the router
 * refuses the sessions of such a route, but for role `anonymous`, which may do nothing. Warns also of authorizers
 * and authenticators that these routers cannot have.
 */
export function checkOwnRouters(placed: readonly PlacedWorker[], report: Report): void {
  const routers = new OwnRouters(placed, report);
  for (const { worker, path } of placed) {
    if (worker.type === "router") warnOfAuthorizers(worker, path, report);
    if (worker.type === "proxy") warnOfRoutes(worker, [...path, "routes"], routers, report);
    if (worker.type !== "proxy" && worker.type !== "router") continue;
    for (const { path: at, auth } of report.authenticators) {
      const isOwn = path.every((step, index) => at[index] === step);
      if (isOwn) warnOfAuthenticator(auth, at, worker, routers, report);
    }
  }
}

function warnOfRoutes(
  { connections, routes }: ProxyWorkerConfig,
  path: JsonPath,
  routers: OwnRouters,
  report: Report,
): void {
  const ownRouters = (ids: readonly string[]) => routers.behind(connections, ids);
  for (const [realm, roles] of Object.entries(routes)) {
    if (realm === ANY) continue;
    const without = (router: RouterWorkerConfig) => findRealm(router.realms, realm) === undefined;
    const lacking = ownRouters(Object.values(roles).flat()).find(without);
    if (lacking !== undefined) {
      const state = `worker "${lacking.id}", to which it leads, has no realm "${realm}"`;
      report.warn([...path, realm], `${state}; add it to its realms`);
      continue;
    }
    for (const [role, ids] of Object.entries(roles)) {
      const router = ownRouters(ids).find((one) => !hasRole(one.realms, role, realm));
      if (role === ANY || role === TRUSTED || router === undefined) continue;
      const state = `realm "${realm}" of worker "${router.id}", to which it leads, has no role "${role}"`;
      report.warn([...path, realm, role], `${state}; add it to its roles`);
    }
  }
}
