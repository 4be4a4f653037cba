/**
 * Proxy workers: connections and routes, from what is written to the normalized form.
 *
 * @module
 */

import { asMap } from "#base/record.ts";
import type { HealthCheckItem } from "#config/connection/connection-schema.ts";
import { normalizeConnectingTransport } from "#config/connection/normalize-connection.ts";
import type {
  ConnectionConfig,
  HealthCheckConfig,
  ProxyWorkerConfig,
  SessionConfig,
  TransportConfig,
  WebServiceConfig,
} from "#config/node-config.ts";
import { didYouMean } from "#config/schema/primitive.ts";
import type { JsonPath } from "#config/text/config-issue.ts";
import type { Report } from "#config/text/report.ts";
import type { ServiceContext } from "#config/web-service/normalize-web-service.ts";
import type { WorkerItem } from "./node-schema.ts";

type ProxyItem = Extract<WorkerItem, { type: "proxy" }>;

type Routes = ProxyWorkerConfig["routes"];

/** Stands for every realm, or every role, that has no route of its own. */
export const ANY = "*";

/** Where a route has several connections and says nothing else. */
const HEALTH_CHECK: HealthCheckItem = { interval: 2000, rise: 2, fall: 1 };

/** The normalized proxy worker; `normalizeTransports` is the same for every kind of worker. */
export function normalizeProxy(
  item: ProxyItem,
  id: string,
  path: JsonPath,
  report: Report,
  normalizeTransports: (
    items: ProxyItem["transports"],
    path: JsonPath,
    context: Omit<ServiceContext, "transportId" | "endpointType" | "asksForCertificate">,
  ) => TransportConfig[],
): ProxyWorkerConfig {
  const routes = normalizeRoutes(item, path, report);
  const connections = normalizeConnections(item, routes, path, report);
  const rolesUnknown = report.isMisshapen([...path, "routes"]);
  const context = {
    report,
    workerType: "proxy" as const,
    isRealmKnown: (realm: string) =>
      rolesUnknown || Object.hasOwn(routes, realm) || Object.hasOwn(routes, ANY),
    isRoleKnown: (role: string, realm?: string) => {
      const named = realm !== undefined && Object.hasOwn(routes, realm) ? realm : ANY;
      const all = realm === undefined ? Object.values(routes) : [routes[named] ?? {}];
      const isRouted = all.some((roles) => Object.hasOwn(roles, role) || Object.hasOwn(roles, ANY));
      return rolesUnknown || isRouted;
    },
    forkedRealms: Object.keys(routes).filter((realm) => isForked(routes[realm] ?? {})),
    connections,
  };
  const items = Array.isArray(item.transports) ? item.transports : [];
  const transports = normalizeTransports(items, path, context);
  refuseUnproved(item, transports, path, report);
  const { balancing } = item;
  const isSound = balancing !== undefined && !report.isMisshapen([...path, "balancing"]);
  return {
    type: "proxy",
    id,
    connections,
    routes,
    balancing: isSound ? balancing : { policy: "round_robin", slow_start: 10_000 },
    transports,
  };
}

/** Whether it takes the role to know the connections of a session. */
function isForked(roles: Routes[string]): boolean {
  const ways = new Set(Object.values(roles).map((ids) => ids.toSorted().join("\n")));
  return ways.size > 1 && !Object.hasOwn(roles, ANY);
}

function normalizeConnections(
  item: ProxyItem,
  routes: Routes,
  path: JsonPath,
  report: Report,
): Record<string, ConnectionConfig> {
  const ways = Object.values(routes).flatMap((roles) => Object.values(roles));
  const hasOthers = (id: string) => ways.some((ids) => ids.length > 1 && ids.includes(id));
  const connections: Record<string, ConnectionConfig> = {};
  for (const [id, connection] of Object.entries(asMap(item.connections))) {
    const at = [...path, "connections", id];
    if (report.isMisshapen(at)) continue;
    const { auth } = connection;
    const way = [...at, "transport"];
    const transport = normalizeConnectingTransport(connection.transport, way, report);
    const isSigned = auth?.["cryptosign-proxy"] !== undefined;
    if (auth !== undefined && !isSigned && auth["anonymous-proxy"] === undefined) {
      const sentence = 'expected "anonymous-proxy" or "cryptosign-proxy", found no authmethod';
      report.fault([...at, "auth"], sentence);
    }
    connections[id] = {
      id,
      transport,
      auth: isSigned ? "cryptosign-proxy" : "anonymous-proxy",
      ...healthCheck(connection.health_check, hasOthers(id)),
    };
  }
  return connections;
}

function healthCheck(
  written: HealthCheckItem | undefined,
  hasOthers: boolean,
): { health_check?: HealthCheckConfig } {
  if (written === undefined && !hasOthers) return {};
  return { health_check: { ...(written ?? HEALTH_CHECK), while_up: written !== undefined } };
}

/**
 * Refuses a connection over which the proxy would vouch for clients without a proof. Where all clients
 * are authenticated by their routers it vouches for nobody.
 */
function refuseUnproved(
  item: ProxyItem,
  transports: readonly TransportConfig[],
  path: JsonPath,
  report: Report,
): void {
  const routed = transports.flatMap(sessionsOf).filter(({ backend }) => backend === null);
  const isBridged = transports.some(hasBridge);
  if (!isBridged && routed.length > 0 && routed.every(({ auth }) => auth === "passthrough")) return;
  for (const [id, connection] of Object.entries(asMap(item.connections))) {
    const at = [...path, "connections", id];
    if (report.isMisshapen(at) || connection.auth?.["cryptosign-proxy"] !== undefined) continue;
    if (connection.transport.endpoint.type === "unix") continue;
    report.fault(
      [...at, "transport", "endpoint"],
      "the proxy is trusted (anonymous-proxy) over a Unix socket only; use a unix endpoint, or cryptosign-proxy",
    );
  }
}

/** Whether a path of a transport calls or publishes, which the proxy does in its own name. */
function hasBridge(transport: TransportConfig): boolean {
  const isWeb = transport.type === "web" || transport.type === "universal";
  return isWeb && hasBridgeBelow(transport.paths ?? {});
}

function hasBridgeBelow(paths: Record<string, WebServiceConfig>): boolean {
  return Object.values(paths).some((service) =>
    service.type === "path"
      ? hasBridgeBelow(service.paths)
      : service.type === "caller" || service.type === "publisher",
  );
}

/** Everything on a transport that sessions begin at. */
function sessionsOf(transport: TransportConfig): SessionConfig[] {
  switch (transport.type) {
    case "rawsocket":
    case "websocket":
      return [transport];
    case "universal": {
      const { rawsocket, paths } = transport;
      return [...(rawsocket === null ? [] : [rawsocket]), ...sessionsBelow(paths ?? {})];
    }
    case "web":
      return sessionsBelow(transport.paths);
    default:
      return [];
  }
}

function sessionsBelow(paths: Record<string, WebServiceConfig>): SessionConfig[] {
  return Object.values(paths).flatMap((service) => {
    if (service.type === "path") return sessionsBelow(service.paths);
    return service.type === "websocket" ? [service] : [];
  });
}

function normalizeRoutes(item: ProxyItem, path: JsonPath, report: Report): Routes {
  const known = Object.keys(asMap(item.connections));
  const routes: Routes = {};
  for (const [realm, roles] of Object.entries(asMap(item.routes))) {
    const byRole: Record<string, string[]> = {};
    routes[realm] = byRole;
    for (const [role, ids] of Object.entries(asMap(roles))) {
      const at = [...path, "routes", realm, role];
      if (report.isMisshapen(at)) continue;
      const list = typeof ids === "string" ? [ids] : ids;
      list.forEach((id, index) => {
        const place = typeof ids === "string" ? at : [...at, index];
        if (!known.includes(id)) {
          report.fault(place, `unknown connection "${id}"${didYouMean(id, known)}`);
        } else if (list.indexOf(id) < index) {
          report.warn(at, `has no effect: connection "${id}" is named more than once`);
        }
      });
      byRole[role] = [...new Set(list)];
    }
  }
  return routes;
}
