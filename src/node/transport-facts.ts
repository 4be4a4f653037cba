/**
 * What the page of a node shows of the transports of a worker: ports and paths, but no address and no file.
 *
 * @module
 */

import type { WorkerConfig } from "#config/node/worker-config.ts";
import type { TransportConfig } from "#config/transport/transport-config.ts";
import type { WebServiceConfig } from "#config/web-service/web-service-config.ts";
import type { TransportFacts } from "#observe/statistics.ts";

type PathFacts = TransportFacts["paths"][number];

/** The listening transports of a worker; guests and containers have none. */
export function transportFactsOf(worker: WorkerConfig): TransportFacts[] {
  return "transports" in worker ? worker.transports.map(factsOf) : [];
}

function factsOf(transport: TransportConfig): TransportFacts {
  const { id, type, endpoint } = transport;
  const isTcp = endpoint.type === "tcp";
  return {
    id,
    type,
    endpoint: endpoint.type,
    port: isTcp ? endpoint.port : null,
    tls: isTcp && endpoint.tls !== undefined,
    paths: pathsOf(transport),
  };
}

function pathsOf(transport: TransportConfig): PathFacts[] {
  if (transport.type === "web" || transport.type === "universal") {
    return pathsBelow(transport.paths ?? {}, "");
  }
  return transport.type === "rawsocket" ? [] : [{ path: "/", type: transport.type }];
}

function pathsBelow(paths: Record<string, WebServiceConfig>, above: string): PathFacts[] {
  return Object.entries(paths).flatMap(([name, service]) => {
    const path = name === "/" ? above : `${above}/${name}`;
    if (service.type === "path") return pathsBelow(service.paths, path);
    return [{ path: path || "/", type: service.type }];
  });
}
