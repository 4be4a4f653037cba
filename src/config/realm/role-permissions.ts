/**
 * What sessions of a router may do, as far as its configuration says.
 *
 * @module
 */

import type { ComponentConfig } from "#config/component/component-config.ts";
import type { RouterWorkerConfig } from "#config/node/worker-config.ts";
import type { Report } from "#config/text/report.ts";
import type { PermissionConfig, RoleConfig } from "./realm-config.ts";

/** The role that every realm of a router has, and that may do everything. */
export const TRUSTED = "trusted";

/** Whether a client, or a component of the worker, may do everything on a realm. */
export function hasTrusted(
  { components }: RouterWorkerConfig,
  realm: string | null,
  { givesTrusted }: Report,
): boolean {
  const list = components?.list ?? [];
  const isTrusted = ({ role, realm: own }: ComponentConfig) =>
    role === TRUSTED && (realm === null || own === realm);
  return givesTrusted || list.some(isTrusted);
}

/** Whether a role may be allowed this action: what an authorizer decides is unknown, and so is which permission wins. */
export function mayDo(role: RoleConfig, action: "call" | "register", uri: string): boolean {
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
