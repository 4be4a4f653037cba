/**
 * Rules across workers: routes that lead to a router of the same node fit its realms and roles.
 *
 * @module
 */

import { ANY } from "#config/connection/normalize-routes.ts";
import type {
  DynamicAuthConfig,
  PermissionConfig,
  ProxyWorkerConfig,
  RoleConfig,
  RouterWorkerConfig,
} from "#config/node-config.ts";
import { hasRole } from "#config/realm/normalize-realm.ts";
import type { JsonPath } from "#config/text/config-issue.ts";
import type { Report } from "#config/text/report.ts";
import { OwnRouters, type PlacedWorker } from "./own-routers.ts";

/** The role that every realm of a router has, and that may do everything. */
const TRUSTED = "trusted";

/**
 * Warns of routes that lead to a router worker of this node which has no such realm or role: the router
 * refuses the sessions of such a route, but for role `anonymous`, which may do nothing. Warns also of authenticators that these routers cannot have. The realms of
 * other nodes are unknown.
 */
export function checkOwnRouters(placed: readonly PlacedWorker[], report: Report): void {
  const routers = new OwnRouters(placed, report);
  for (const { worker, path } of placed) {
    if (worker.type === "router") checkAuthorizers(worker, path, report);
    if (worker.type === "proxy") checkRoutes(worker, [...path, "routes"], routers, report);
    if (worker.type !== "proxy" && worker.type !== "router") continue;
    for (const { path: at, auth } of report.authenticators) {
      const isOwn = path.every((step, index) => at[index] === step);
      if (isOwn) checkAuthenticator(auth, at, worker, routers, report);
    }
  }
}

/** Warns of an authorizer that no session may register: its role then may do nothing. */
function checkAuthorizers(worker: RouterWorkerConfig, path: JsonPath, report: Report): void {
  if (report.isMalformed([...path, "realms"])) return;
  for (const [index, { name, roles }] of worker.realms.entries()) {
    if (report.givesTrusted || hasTrusted(worker, name)) continue;
    for (const [at, role] of roles.entries()) {
      const { authorizer } = role.authorizer ?? {};
      const isOther = (one: RoleConfig) => one.authorizer?.authorizer !== authorizer;
      if (authorizer === undefined) continue;
      if (roles.filter(isOther).some((one) => mayDo(one, "register", authorizer))) continue;
      const state = `no role of realm "${name}" may register it`;
      report.warn(
        [...path, "realms", index, "roles", at, "authorizer"],
        `${state}, so that role "${role.name}" may do nothing; add a permission`,
      );
    }
  }
}

/** Whether a component of the worker may do everything on a realm. */
function hasTrusted({ components }: RouterWorkerConfig, realm: string | null): boolean {
  const list = components?.list ?? [];
  return list.some((one) => one.role === TRUSTED && (realm === null || one.realm === realm));
}

function checkRoutes(
  { connections, routes }: ProxyWorkerConfig,
  path: JsonPath,
  routers: OwnRouters,
  report: Report,
): void {
  const ownRouters = (ids: readonly string[]) => routers.behind(connections, ids);
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
      if (role === ANY || role === TRUSTED || router === undefined) continue;
      const state = `realm "${realm}" of worker "${router.id}", to which it leads, has no role "${role}"`;
      report.warn([...path, realm, role], `${state}; add it to its roles`);
    }
  }
}

/** Warns of an authenticator that a router of this node cannot have, or that may not be called there. */
function checkAuthenticator(
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
    const realms = router.realms.filter(({ name }) => realm === null || name === realm);
    const roles = realms.flatMap((one) => one.roles);
    const sentence =
      (worker.type === "proxy" ? callFault(auth, router, roles) : null) ??
      (report.givesTrusted || hasTrusted(router, realm)
        ? null
        : registerFault(auth, router, roles));
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
  if (router.realms.every(({ name }) => name !== realm)) {
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

/** Whether a role may be allowed this action: what an authorizer decides is unknown, and so is which permission wins. */
function mayDo(role: RoleConfig, action: "call" | "register", uri: string): boolean {
  if (role.authorizer !== undefined) return true;
  return role.permissions.some(({ allow, ...pattern }) => allow[action] && isMatch(pattern, uri));
}

function isMatch(
  { match, uri: pattern }: Pick<PermissionConfig, "match" | "uri">,
  uri: string,
): boolean {
  if (match === "exact") return pattern === uri;
  if (match === "prefix") return uri.startsWith(pattern);
  const components = uri.split(".");
  const wanted = pattern.split(".");
  return (
    wanted.length === components.length &&
    wanted.every((component, index) => component === "" || component === components[index])
  );
}
