/**
 * Rules across workers: no two transports may listen on the same socket.
 *
 * @module
 */

import { isIPv4 } from "node:net";
import type {
  ListeningEndpointConfig,
  ListeningTcpConfig,
} from "#config/endpoint/endpoint-config.ts";
import { UNKNOWN_PORT } from "#config/endpoint/normalize-endpoint.ts";
import type { JsonPath } from "#config/text/config-issue.ts";
import type { Report } from "#config/text/report.ts";

/** Stands for the id of a worker where the controller has an endpoint; no worker may have it. */
export const CONTROLLER = "controller";

/** A listening endpoint, its path in the configuration and its worker. */
export interface PlacedEndpoint {
  endpoint: ListeningEndpointConfig;
  path: JsonPath;
  workerId: string;
}

/** Reports every endpoint whose socket an earlier endpoint has already. */
export function checkEndpointConflicts(placed: readonly PlacedEndpoint[], report: Report): void {
  placed.forEach((late, index) => {
    const early = placed.slice(0, index).find((other) => clash(other, late));
    if (early === undefined) return;
    const { endpoint } = late;
    const isController = early.workerId === CONTROLLER;
    const owner = isController ? "the controller" : `worker "${early.workerId}"`;
    if (endpoint.type === "unix") {
      report.fault([...late.path, "path"], `socket "${endpoint.path}" is already used by ${owner}`);
    } else if (early.workerId === late.workerId) {
      report.fault([...late.path, "port"], `port ${endpoint.port} is already used by this worker`);
    } else {
      const hint = isController ? "" : '; both need "shared": true';
      report.fault(
        [...late.path, "port"],
        `port ${endpoint.port} is already used by ${owner}${hint}`,
      );
    }
  });
}

function clash(a: PlacedEndpoint, b: PlacedEndpoint): boolean {
  if (a.endpoint.type === "unix") {
    return b.endpoint.type === "unix" && a.endpoint.path === b.endpoint.path;
  }
  if (b.endpoint.type === "unix" || a.endpoint.port !== b.endpoint.port) return false;
  if (a.endpoint.port === UNKNOWN_PORT) return false;
  // Of a range, ports that are in use are skipped.
  if (a.endpoint.portrange !== undefined || b.endpoint.portrange !== undefined) return false;
  const isShared = a.endpoint.shared && b.endpoint.shared && a.workerId !== b.workerId;
  return !isShared && overlap(a.endpoint, b.endpoint);
}

function overlap(a: ListeningTcpConfig, b: ListeningTcpConfig): boolean {
  const isEverywhere = (address: string) => address === "0.0.0.0" || address === "::";
  const isApart = (one: ListeningTcpConfig, other: ListeningTcpConfig) =>
    one.version === 6 && isIPv4(other.interface);
  if (isApart(a, b) || isApart(b, a)) return false;
  return a.interface === b.interface || isEverywhere(a.interface) || isEverywhere(b.interface);
}
