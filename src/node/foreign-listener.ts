/**
 * Refuses to share a port with another node: the system would distribute clients among the workers of both, with no word
 * of it anywhere.
 *
 * Before a worker of this node listens, each port that its workers share is listened on for a moment without SO_REUSEPORT,
 * which fails where any program listens. Of two nodes that start in the same moment neither may notice the other; they
 * then share the port, as they would have without the attempt.
 *
 * @module
 */

import { errorCodeOf, Failure } from "#base/failure.ts";
import { processListeningOn } from "#base/listening-process.ts";
import type { ListeningTcpConfig } from "#config/endpoint/endpoint-config.ts";
import type { WorkerConfig } from "#config/node/worker-config.ts";

/**
 * Checks the ports of all workers; ports of a `portrange` are left to the workers, because used ones are skipped.
 *
 * @throws Failure for the first port on which a program listens, unless its endpoint allows that.
 */
export function refuseForeignListeners(workers: readonly WorkerConfig[]): void {
  for (const endpoint of sharedEndpoints(workers)) {
    try {
      listenForAMoment(endpoint);
    } catch (thrown) {
      // The worker that is to listen there reports any other error.
      if (errorCodeOf(thrown) === "EADDRINUSE") throw failure(endpoint, thrown);
    }
  }
}

function sharedEndpoints(workers: readonly WorkerConfig[]): ListeningTcpConfig[] {
  return workers.flatMap((worker) => {
    if (worker.type === "guest" || worker.type === "container") return [];
    return worker.transports.flatMap(({ endpoint }) =>
      endpoint.type === "tcp" &&
      endpoint.shared &&
      endpoint.portrange === undefined &&
      endpoint.share_with_other_nodes !== true
        ? [endpoint]
        : [],
    );
  });
}

function listenForAMoment({ interface: hostname, port, version }: ListeningTcpConfig): void {
  // Bun takes `ipv6Only` here, though its types have it for connecting only.
  const options = { hostname, port, ipv6Only: version === 6, socket: { data() {} } };
  Bun.listen(options).stop(true);
}

function failure({ interface: address, port }: ListeningTcpConfig, cause: unknown): Failure {
  const host = address.includes(":") ? `[${address}]` : address;
  const pid = processListeningOn(port);
  const other = pid === null ? "another program" : `process ${pid}`;
  return new Failure(
    `Cannot listen on "tcp ${host}:${port}": ${other}, which is not of this node, listens there; "share_with_other_nodes": true at the endpoint shares the port with other nodes`,
    { source: "internal", cause },
  );
}
