/**
 * Normalizes proxy workers.
 *
 * @module
 */

import { asMap } from "#base/record.ts";
import type { AuthenticatorConfig } from "#config/auth/authenticator-config.ts";
import {
  normalizeWorkerOptions,
  normalizeWorkerPython,
} from "#config/component/normalize-process-options.ts";
import type { BalancingConfig, ConnectionConfig } from "#config/connection/connection-config.ts";
import { defaultBalancing } from "#config/connection/connection-schema.ts";
import { normalizeConnections } from "#config/connection/normalize-connection.ts";
import {
  forkedRealms,
  hasRealm,
  hasRoute,
  normalizeRoutes,
} from "#config/connection/normalize-routes.ts";
import type { JsonPath } from "#config/text/config-issue.ts";
import type { Report } from "#config/text/report.ts";
import { normalizeTransports } from "#config/transport/normalize-transport.ts";
import type { TransportConfig } from "#config/transport/transport-config.ts";
import { sessionsOf } from "#config/transport/transport-sessions.ts";
import type { WebServiceConfig } from "#config/web-service/web-service-config.ts";
import type { WorkerItem } from "./node-schema.ts";
import type { ProxyWorkerConfig } from "./worker-config.ts";

type ProxyItem = Extract<WorkerItem, { type: "proxy" }>;

/** The normalized proxy worker. */
export function normalizeProxy(
  item: ProxyItem,
  id: string,
  path: JsonPath,
  report: Report,
): ProxyWorkerConfig {
  const ids = Object.keys(asMap(item.connections));
  const routes = normalizeRoutes(item.routes, ids, path, report);
  const connections = normalizeConnections(item.connections, routes, path, report);
  // Malformed routes may have been meant for any realm and role: none is reported as missing.
  const isUncertain = report.isMalformed([...path, "routes"]);
  const authenticators: AuthenticatorConfig[] = [];
  const transports = normalizeTransports(item.transports, path, {
    report,
    workerType: "proxy",
    isRealmKnown: (realm) => isUncertain || hasRealm(routes, realm),
    isRoleKnown: (role, realm) => isUncertain || hasRoute(routes, role, realm),
    forkedRealms: forkedRealms(routes),
    connections,
    authenticators,
  });
  const own = ids.flatMap((one) => connections[one] ?? []);
  warnOfUnproved(own, transports, path, report);
  const hasCode = authenticators.length > 0;
  const place = [...path, "options"];
  const { options, hasTemplates } = normalizeWorkerPython(item.options, hasCode, place, report);
  return {
    type: "proxy",
    id,
    options: normalizeWorkerOptions(item.options, place, report),
    connections,
    routes,
    balancing: normalizeBalancing(item, { routes, connections }, path, report),
    ...(hasCode && { authenticators: { list: authenticators, options } }),
    ...(hasTemplates && { templates: options }),
    transports,
  };
}

function normalizeBalancing(
  { balancing }: ProxyItem,
  { routes, connections }: Pick<ProxyWorkerConfig, "routes" | "connections">,
  path: JsonPath,
  report: Report,
): BalancingConfig {
  const at = [...path, "balancing"];
  if (balancing === undefined || report.isMalformed(at)) return defaultBalancing;
  const hasChoice = (ids: string[]) => ids.length > 1 || ids.some((id) => connections[id]?.dns);
  const isOfUse = Object.values(routes).some((roles) => Object.values(roles).some(hasChoice));
  if (!isOfUse && !report.isMalformed([...path, "routes"])) {
    report.warn(at, "has no effect: no route leads to several connections");
  }
  return balancing;
}

/**
 * Warns of a connection over which the proxy cannot vouch for clients. Where the routers authenticate all clients, it
 * vouches for none.
 */
function warnOfUnproved(
  connections: readonly ConnectionConfig[],
  transports: readonly TransportConfig[],
  path: JsonPath,
  report: Report,
): void {
  const routed = transports.flatMap(sessionsOf).filter(({ backend }) => backend === null);
  const isBridged = transports.some(hasBridge);
  if (!isBridged && routed.length > 0 && routed.every(({ auth }) => auth === "passthrough")) return;
  for (const { id, auth, transport } of connections) {
    if (auth !== null) continue;
    const at = [...path, "connections", id];
    const isUnix = transport.endpoint.type === "unix";
    const [place, state] = isUnix
      ? [[...at, "auth"], 'there is neither "anonymous-proxy" nor "cryptosign-proxy"']
      : [[...at, "transport", "endpoint"], "over TCP a proxy has to sign (cryptosign-proxy)"];
    report.warn(
      place,
      `no client that this proxy authenticates can join over this connection: ${state}`,
    );
  }
}

/** Whether a path of a transport calls, publishes or subscribes, for which the proxy has sessions of its own. */
function hasBridge(transport: TransportConfig): boolean {
  const isWeb = transport.type === "web" || transport.type === "universal";
  return isWeb && hasBridgeBelow(transport.paths ?? {});
}

function hasBridgeBelow(paths: Record<string, WebServiceConfig>): boolean {
  return Object.values(paths).some((service) =>
    service.type === "path" ? hasBridgeBelow(service.paths) : "realm" in service,
  );
}
