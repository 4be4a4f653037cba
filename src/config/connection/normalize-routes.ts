/**
 * Normalizes `routes` of a proxy worker.
 *
 * @module
 */

import { asMap } from "#base/record.ts";
import type { ProxyWorkerConfig } from "#config/node/worker-config.ts";
import { didYouMean } from "#config/schema/did-you-mean.ts";
import type { JsonPath } from "#config/text/config-issue.ts";
import type { Report } from "#config/text/report.ts";
import type { RoutesItem } from "./connection-schema.ts";

/** Realm -> role -> ids of connections. */
export type Routes = ProxyWorkerConfig["routes"];

/** Stands for every realm, or every role, that has no route of its own. */
export const ANY = "*";

/** The normalized routes of a worker; `known` are the ids of its connections. */
export function normalizeRoutes(
  items: RoutesItem,
  known: readonly string[],
  workerPath: JsonPath,
  report: Report,
): Routes {
  const routes: Routes = {};
  for (const [realm, roles] of Object.entries(asMap(items))) {
    const byRole: Record<string, string[]> = {};
    routes[realm] = byRole;
    for (const [role, target] of Object.entries(asMap(roles))) {
      const path = [...workerPath, "routes", realm, role];
      if (report.isMalformed(path)) continue;
      if (target.length === 0) {
        report.warn(path, "leads to no connection, so it is no route");
        continue;
      }
      const ids = typeof target === "string" ? [target] : target;
      ids.forEach((id, index) => {
        const place = typeof target === "string" ? path : [...path, index];
        if (!known.includes(id)) {
          report.fault(place, `unknown connection "${id}"${didYouMean(id, known)}`);
        } else if (ids.indexOf(id) < index) {
          report.warn(path, `has no effect: connection "${id}" is named more than once`);
        }
      });
      byRole[role] = [...new Set(ids)];
    }
  }
  return routes;
}

/** Whether a realm has any route. */
export function hasRealm(routes: Routes, realm: string): boolean {
  return Object.hasOwn(routes, realm) || Object.hasOwn(routes, ANY);
}

/** Whether a role has a route, of this realm or (without a realm) of any. */
export function hasRoute(routes: Routes, role: string, realm?: string): boolean {
  const named = realm !== undefined && Object.hasOwn(routes, realm) ? realm : ANY;
  const candidates = realm === undefined ? Object.values(routes) : [routes[named] ?? {}];
  return candidates.some((roles) => Object.hasOwn(roles, role) || Object.hasOwn(roles, ANY));
}

/** Realms where the connections of a session depend on its role. */
export function forkedRealms(routes: Routes): string[] {
  return Object.entries(routes)
    .filter(([, roles]) => isForked(roles))
    .map(([realm]) => realm);
}

function isForked(roles: Routes[string]): boolean {
  const targets = new Set(Object.values(roles).map((ids) => ids.toSorted().join("\n")));
  return targets.size > 1 && !Object.hasOwn(roles, ANY);
}
