/**
 * Normalizes authmethods of type `dynamic`.
 *
 * @module
 */

import type { DynamicAuthConfig } from "#config/node-config.ts";
import type { JsonPath } from "#config/text/config-issue.ts";
import type { Report } from "#config/text/report.ts";
import type { DynamicAuthItem } from "./dynamic-auth-schema.ts";

/** What the enclosing worker knows of realms and roles. */
export interface AuthenticatorContext {
  workerType: "router" | "proxy";
  isRealmKnown: (realm: string) => boolean;
  /** Without a realm: in any. */
  isRoleKnown: (role: string, realm?: string) => boolean;
}

/** The normalized authmethod; warns of an authenticator that can never be called. */
export function normalizeDynamicAuth(
  item: DynamicAuthItem,
  path: JsonPath,
  around: AuthenticatorContext,
  report: Report,
): DynamicAuthConfig {
  warnOfAuthenticator(item, path, around, report);
  return {
    type: "dynamic",
    authenticator: item.authenticator,
    "authenticator-realm": item["authenticator-realm"] ?? null,
    "authenticator-role": item["authenticator-role"] ?? null,
    "default-role": item["default-role"] ?? null,
    "authenticator-timeout": item["authenticator-timeout"],
  };
}

function warnOfAuthenticator(
  item: DynamicAuthItem,
  path: JsonPath,
  around: AuthenticatorContext,
  report: Report,
): void {
  const realm = item["authenticator-realm"];
  const role = item["authenticator-role"];
  const place = around.workerType === "proxy" ? "route" : "realm";
  if (realm !== undefined && !around.isRealmKnown(realm)) {
    const sentence = `no ${place} "${realm}" exists, so the authenticator cannot be called`;
    report.warn([...path, "authenticator-realm"], sentence);
    return;
  }
  // A router needs no configured role for its own calls; a proxy needs a route for it.
  const needed = role ?? (around.workerType === "proxy" ? "trusted" : undefined);
  if (needed === undefined || around.isRoleKnown(needed, realm)) return;
  const where = realm === undefined ? `no ${place}` : `${place} "${realm}"`;
  const lacks = realm === undefined ? "has" : "lacks";
  const at = role === undefined ? path : [...path, "authenticator-role"];
  report.warn(at, `${where} ${lacks} role "${needed}", so the authenticator cannot be called`);
}
