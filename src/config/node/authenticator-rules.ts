/**
 * Rules across workers: an authenticator can be registered and called on the router of the same node that it
 * is looked for on.
 *
 * @module
 */

import type { DynamicAuthConfig } from "#config/auth/authenticator-config.ts";
import { ANY } from "#config/connection/normalize-routes.ts";
import { findRealm } from "#config/realm/normalize-realm.ts";
import type { RoleConfig } from "#config/realm/realm-config.ts";
import { hasTrusted, mayDo, TRUSTED } from "#config/realm/role-permissions.ts";
import type { JsonPath } from "#config/text/config-issue.ts";
import type { Report } from "#config/text/report.ts";
import type { OwnRouters } from "./own-routers.ts";
import type { ProxyWorkerConfig, RouterWorkerConfig } from "./worker-config.ts";

/** Warns of an authenticator that a router of this node cannot have, or that may not be called there. */
export function warnOfAuthenticator(
  auth: DynamicAuthConfig,
  path: JsonPath,
  worker: ProxyWorkerConfig | RouterWorkerConfig,
  routers: OwnRouters,
  report: Report,
): void {
  const realm = auth["authenticator-realm"];
  const candidates =
    worker.type === "router" ? [worker] : routers.behind(worker.connections, routeOf(worker, auth));
  for (const router of candidates) {
    const realms = realm === null ? router.realms : [findRealm(router.realms, realm)];
    const roles = realms.flatMap((one) => one?.roles ?? []);
    const sentence =
      (worker.type === "proxy" ? callFault(auth, router, roles) : null) ??
      (hasTrusted(router, realm, report) ? null : registerFault(auth, router, roles));
    // A realm without roles has a warning of its own.
    if (sentence === null || (roles.length === 0 && worker.type === "router")) continue;
    report.warn([...path, "authenticator"], sentence);
    return;
  }
}

/** Why a proxy cannot call it. */
function callFault(
  auth: DynamicAuthConfig,
  router: RouterWorkerConfig,
  roles: readonly RoleConfig[],
): string | null {
  const realm = auth["authenticator-realm"] ?? "";
  const role = callerOf(auth);
  const place = `realm "${realm}" of worker "${router.id}"`;
  const caller = roles.find(({ name }) => name === role);
  if (caller !== undefined) {
    if (mayDo(caller, "call", auth.authenticator)) return null;
    return `role "${role}" of ${place} may not call it; add a permission`;
  }
  if (findRealm(router.realms, realm) === undefined) {
    return `worker "${router.id}", to which its route leads, has no realm "${realm}"`;
  }
  if (role === TRUSTED) return null;
  return `${place}, to which its route leads, has no role "${role}"`;
}

function registerFault(
  { authenticator, "authenticator-realm": realm }: DynamicAuthConfig,
  router: RouterWorkerConfig,
  roles: readonly RoleConfig[],
): string | null {
  if (roles.some((one) => mayDo(one, "register", authenticator))) return null;
  const place = realm === null ? "any realm" : `realm "${realm}"`;
  return `no role of ${place} of worker "${router.id}" may register it; add a permission`;
}

function callerOf(auth: DynamicAuthConfig): string {
  return auth["authenticator-role"] ?? TRUSTED;
}

/** The connections over which it is called; none where that depends on the client. */
function routeOf({ routes }: ProxyWorkerConfig, auth: DynamicAuthConfig): string[] {
  const realm = auth["authenticator-realm"];
  if (realm === null) return [];
  const role = callerOf(auth);
  const roles = (Object.hasOwn(routes, realm) ? routes[realm] : routes[ANY]) ?? {};
  return (Object.hasOwn(roles, role) ? roles[role] : roles[ANY]) ?? [];
}
