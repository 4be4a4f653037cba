/**
 * Normalizes `connections` of a proxy worker.
 *
 * @module
 */

import { isIP } from "node:net";
import { asMap } from "#base/record.ts";
import type { ConnectingEndpointConfig } from "#config/endpoint/endpoint-config.ts";
import type { ProxyWorkerConfig } from "#config/node/worker-config.ts";
import type { JsonPath } from "#config/text/config-issue.ts";
import type { Report } from "#config/text/report.ts";
import type { ConnectionConfig, DnsConfig, HealthCheckConfig } from "./connection-config.ts";
import {
  type ConnectionItem,
  defaultHealthCheck,
  type HealthCheckItem,
} from "./connection-schema.ts";
import { normalizeConnectingTransport } from "./normalize-connecting-transport.ts";

/** How often a name is resolved again where nothing is written. */
const DEFAULT_DNS_REFRESH_MS = 30_000;

/** The normalized connections of a worker, by id; a connection with faults is left out. */
export function normalizeConnections(
  items: Record<string, ConnectionItem>,
  routes: ProxyWorkerConfig["routes"],
  workerPath: JsonPath,
  report: Report,
): Record<string, ConnectionConfig> {
  const targets = Object.values(routes).flatMap((roles) => Object.values(roles));
  const sharesRoute = (id: string) => targets.some((ids) => ids.length > 1 && ids.includes(id));
  const connections: Record<string, ConnectionConfig> = {};
  for (const [id, item] of Object.entries(asMap(items))) {
    const path = [...workerPath, "connections", id];
    if (report.isMalformed(path)) continue;
    const isChecked = item.health_check !== undefined || sharesRoute(id);
    connections[id] = { id, ...normalizeConnection(item, isChecked, path, report) };
  }
  return connections;
}

function normalizeConnection(
  item: ConnectionItem,
  isChecked: boolean,
  path: JsonPath,
  report: Report,
): Omit<ConnectionConfig, "id"> {
  const { health_check, on_down } = item;
  const transport = normalizeConnectingTransport(item.transport, [...path, "transport"], report);
  const named = normalizeDns(item, transport.endpoint, path, report);
  if (on_down === "close" && !isChecked && named.dns === undefined) {
    const sentence =
      "has no effect: without health_check, a router alone in its route is never down";
    report.warn([...path, "on_down"], sentence);
  }
  return {
    transport,
    auth: connectionAuthOf(item),
    ...(isChecked && { health_check: healthCheckOf(health_check) }),
    ...named,
    ...(on_down === "close" && { on_down }),
  };
}

/**
 * As in Crossbar, `cryptosign-proxy` is used where both are given, and `anonymous-proxy` over Unix sockets alone: a
 * router that believed any program that reaches its port would give it any identity.
 */
function connectionAuthOf({ auth, transport }: ConnectionItem): ConnectionConfig["auth"] {
  if (auth?.["cryptosign-proxy"] !== undefined) return "cryptosign-proxy";
  const isVouched = auth === undefined || auth["anonymous-proxy"] !== undefined;
  return isVouched && transport.endpoint.type === "unix" ? "anonymous-proxy" : null;
}

/** A name is followed unless it is written as an address. */
function normalizeDns(
  { dns_refresh, health_check }: ConnectionItem,
  endpoint: ConnectingEndpointConfig,
  path: JsonPath,
  report: Report,
): { dns?: DnsConfig } {
  if (endpoint.type === "tcp" && isIP(endpoint.host) === 0) {
    const refresh = dns_refresh ?? DEFAULT_DNS_REFRESH_MS;
    return { dns: { refresh, health_check: healthCheckOf(health_check) } };
  }
  if (dns_refresh !== undefined) {
    report.warn([...path, "dns_refresh"], "has no effect: the endpoint has no host with a name");
  }
  return {};
}

function healthCheckOf(written: HealthCheckItem | undefined): HealthCheckConfig {
  return { ...(written ?? defaultHealthCheck), while_up: written !== undefined };
}
