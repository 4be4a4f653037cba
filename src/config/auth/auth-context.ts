/**
 * Surroundings: where in a node an item about sessions stands, as far as its rules depend on it.
 *
 * @module
 */

import type { ListeningEndpointConfig } from "#config/node-config.ts";
import type { JsonPath } from "#config/text/config-issue.ts";
import type { Report } from "#config/text/report.ts";
import type { AuthenticatorContext } from "./normalize-dynamic-auth.ts";

/** Where a session item stands; the rules differ between workers, endpoints and transports. */
export interface AuthItemContext extends AuthenticatorContext {
  endpointType: ListeningEndpointConfig["type"];
  /** Whether the endpoint asks clients for a certificate. */
  asksForCertificate: boolean;
  /** Origins of the pages that may connect, where a cookie is issued; absent: none is. */
  cookieOrigins?: readonly string[];
  /** Realms whose roles have different routes and none for `*`; where the role is unknown, so is the router. */
  forkedRealms: readonly string[];
}

/** Warns of a role that leads nowhere. */
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
