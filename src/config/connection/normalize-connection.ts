/**
 * Normalizes `connections` of a proxy worker.
 *
 * @module
 */

import { asMap } from "#base/record.ts";
import type { ProxyWorkerConfig } from "#config/node/worker-config.ts";
import type { JsonPath } from "#config/text/config-issue.ts";
import type { Report } from "#config/text/report.ts";
import type { ConnectionConfig, HealthCheckConfig } from "./connection-config.ts";
import {
  type ConnectionItem,
  defaultHealthCheck,
  type HealthCheckItem,
} from "./connection-schema.ts";
import { normalizeConnectingTransport } from "./normalize-connecting-transport.ts";

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
    connections[id] = {
      id,
      transport: normalizeConnectingTransport(item.transport, [...path, "transport"], report),
      auth: connectionAuthOf(item),
      ...normalizeHealthCheck(item.health_check, sharesRoute(id)),
    };
  }
  return connections;
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

function normalizeHealthCheck(
  written: HealthCheckItem | undefined,
  sharesRoute: boolean,
): { health_check?: HealthCheckConfig } {
  if (written === undefined && !sharesRoute) return {};
  const isWritten = written !== undefined;
  return { health_check: { ...(written ?? defaultHealthCheck), while_up: isWritten } };
}
