/**
 * OwnRouters: the router workers of a node, by the sockets that lead to them.
 *
 * @module
 */

import type { ConnectionConfig } from "#config/connection/connection-config.ts";
import type {
  ConnectingEndpointConfig,
  ListeningEndpointConfig,
} from "#config/endpoint/endpoint-config.ts";
import type { JsonPath } from "#config/text/config-issue.ts";
import type { Report } from "#config/text/report.ts";
import type { RouterWorkerConfig, WorkerConfig } from "./worker-config.ts";

/** A worker and its path in the configuration. */
export interface PlacedWorker {
  worker: WorkerConfig;
  path: JsonPath;
}

/** Names and addresses of this machine, to connect to and to listen on. */
const LOOPBACK = ["localhost", "127.0.0.1", "::1"];
const LISTENING = [...LOOPBACK, "0.0.0.0", "::"];

/** Finds the router behind a connection; routers on other machines are unknown. */
export class OwnRouters {
  /** Null: several routers share the socket. */
  readonly #bySocket = new Map<string, RouterWorkerConfig | null>();

  constructor(placed: readonly PlacedWorker[], report: Report) {
    for (const { worker, path } of placed) {
      if (worker.type !== "router" || report.isMalformed([...path, "realms"])) continue;
      for (const { endpoint } of worker.transports) {
        const socket = socketOf(endpoint);
        if (socket === null) continue;
        this.#bySocket.set(socket, this.#bySocket.has(socket) ? null : worker);
      }
    }
  }

  /** The routers of this node among those that connections lead to. */
  behind(
    connections: Record<string, ConnectionConfig>,
    ids: readonly string[],
  ): RouterWorkerConfig[] {
    return ids.flatMap((id) => {
      if (!Object.hasOwn(connections, id)) return [];
      const socket = targetOf(connections[id]?.transport.endpoint);
      return (socket === null ? null : this.#bySocket.get(socket)) ?? [];
    });
  }
}

function socketOf(endpoint: ListeningEndpointConfig): string | null {
  if (endpoint.type === "unix") return endpoint.path;
  const isLocal = LISTENING.includes(endpoint.interface) && endpoint.portrange === undefined;
  return isLocal ? `port ${endpoint.port}` : null;
}

function targetOf(endpoint: ConnectingEndpointConfig | undefined): string | null {
  if (endpoint === undefined) return null;
  if (endpoint.type === "unix") return endpoint.path;
  return LOOPBACK.includes(endpoint.host) ? `port ${endpoint.port}` : null;
}
