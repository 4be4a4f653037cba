/**
 * Normalizes authmethods of type `dynamic`.
 *
 * @module
 */

import type { JsonPath } from "#config/text/config-issue.ts";
import type { WorkerContext } from "#config/transport/transport-context.ts";
import type { DynamicAuthConfig } from "./authenticator-config.ts";
import type { DynamicAuthItem } from "./authenticator-schema.ts";
import { warnOfRole } from "./role-rules.ts";

/** The normalized authmethod; warns of an authenticator that can never be called. */
export function normalizeDynamicAuth(
  item: DynamicAuthItem,
  path: JsonPath,
  context: WorkerContext,
): DynamicAuthConfig {
  const role = item["default-role"];
  if (role !== undefined) warnOfRole(role, [...path, "default-role"], context);
  warnOfAuthenticator(item, path, context);
  const auth: DynamicAuthConfig = {
    type: "dynamic",
    authenticator: item.authenticator,
    "authenticator-realm": item["authenticator-realm"] ?? null,
    "authenticator-role": item["authenticator-role"] ?? null,
    "default-role": role ?? null,
    "authenticator-timeout": item["authenticator-timeout"],
  };
  context.report.authenticators.push({ path, auth });
  return auth;
}

function warnOfAuthenticator(
  item: DynamicAuthItem,
  path: JsonPath,
  { report, workerType, isRealmKnown, isRoleKnown }: WorkerContext,
): void {
  const realm = item["authenticator-realm"];
  const role = item["authenticator-role"];
  const place = workerType === "proxy" ? "route" : "realm";
  if (realm !== undefined && !isRealmKnown(realm)) {
    const sentence = `no ${place} "${realm}" exists, so the authenticator cannot be called`;
    report.warn([...path, "authenticator-realm"], sentence);
    return;
  }
  const needed = role ?? "trusted";
  // Every realm of a router has that role for the router's own calls; a proxy needs a route for it.
  if ((workerType === "router" && needed === "trusted") || isRoleKnown(needed, realm)) return;
  const where = realm === undefined ? `no ${place}` : `${place} "${realm}"`;
  const lacks = realm === undefined ? "has" : "lacks";
  const at = role === undefined ? path : [...path, "authenticator-role"];
  report.warn(at, `${where} ${lacks} role "${needed}", so the authenticator cannot be called`);
}
