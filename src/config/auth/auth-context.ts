/**
 * AuthItemContext: what the rules for `auth` need to know of the enclosing worker and transport.
 *
 * @module
 */

import type { ListeningEndpointConfig } from "#config/node-config.ts";
import type { JsonPath } from "#config/text/config-issue.ts";
import type { Report } from "#config/text/report.ts";
import type { AuthenticatorContext } from "./normalize-dynamic-auth.ts";

/** The enclosing worker and transport of an `auth`. */
export interface AuthItemContext extends AuthenticatorContext {
  endpointType: ListeningEndpointConfig["type"];
  /** Whether the endpoint asks clients for a certificate. */
  asksForCertificate: boolean;
  /** Where a cookie is issued, the origins of the pages that may connect; absent: no cookie is issued. */
  cookieOrigins?: readonly string[];
  /** Realms with different connections by role, and none for `*`: without a role no router can be chosen. */
  forkedRealms: readonly string[];
}

/** Warns of a role that no realm of a router, or no route of a proxy, has. */
export function warnOfRole(
  role: string,
  path: JsonPath,
  around: AuthItemContext,
  report: Report,
): void {
  if (around.isRoleKnown(role)) return;
  const place = around.workerType === "proxy" ? "route" : "realm";
  report.warn(path, `no ${place} has role "${role}", so clients that get it cannot join`);
}
