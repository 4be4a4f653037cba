/**
 * What the rules for an item need to know of the worker and the transport that enclose it.
 *
 * @module
 */

import type { AuthenticatorConfig } from "#config/auth/authenticator-config.ts";
import type { ConnectionConfig } from "#config/connection/connection-config.ts";
import type { ListeningEndpointConfig } from "#config/endpoint/endpoint-config.ts";
import type { Report } from "#config/text/report.ts";

/** The enclosing worker. */
export interface WorkerContext {
  report: Report;
  workerType: "router" | "proxy";
  /** Whether a realm exists on a router, or has a route on a proxy. */
  isRealmKnown: (realm: string) => boolean;
  /** The same for a role of a realm; without a realm: of any. */
  isRoleKnown: (role: string, realm?: string) => boolean;
  /** Realms with different connections by role, and none for `*`: without a role no router can be chosen. */
  forkedRealms: readonly string[];
  /** Connections of the worker, to which those of `backends` are added. */
  connections: Record<string, ConnectionConfig>;
  /** Authenticators in Python of the worker, to which those of its authmethods are added. */
  authenticators: AuthenticatorConfig[];
}

/** The enclosing worker and transport. */
export interface TransportContext extends WorkerContext {
  transportId: string;
  endpointType: ListeningEndpointConfig["type"];
  /** Where the transport listens, the same in all workers that share its port: `8080`, `/run/web.sock`. */
  address: string;
  /** Whether the endpoint asks clients for a certificate. */
  asksForCertificate: boolean;
  /** Where a cookie is issued, the origins of the pages that may connect; absent: no cookie is issued. */
  cookieOrigins?: readonly string[];
}
