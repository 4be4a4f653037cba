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
import { isOrphan, processListeningOn } from "#base/listening-process.ts";
import type { ListeningTcpConfig } from "#config/endpoint/endpoint-config.ts";
import type { WorkerConfig } from "#config/node/worker-config.ts";
import type { InheritedSockets } from "./inherited-sockets.ts";

/** Workers of a node whose controller was killed are gone after this time; a new start waits for them. */
const ORPHAN_MS = 6_000;

const LOOK_AGAIN_MS = 20;

/**
 * Checks the ports of all workers, but those of inherited sockets; ports of a `portrange` are left to the workers, because
 * used ones are skipped.
 *
 * @throws Failure for the first port on which a program listens, unless its endpoint allows that.
 */
export async function refuseForeignListeners(
  workers: readonly WorkerConfig[],
  inherited: Pick<InheritedSockets, "hasFor">,
): Promise<void> {
  const orphansEndBy = performance.now() + ORPHAN_MS;
  for (const endpoint of sharedEndpoints(workers)) {
    if (inherited.hasFor(endpoint)) continue;
    for (;;) {
      const thrown = refusalOf(endpoint);
      if (thrown === null) break;
      const pid = processListeningOn(endpoint.port);
      const isEnding = pid !== null && isOrphan(pid) && performance.now() < orphansEndBy;
      if (!isEnding) throw failure(endpoint, pid, thrown);
      await Bun.sleep(LOOK_AGAIN_MS);
    }
  }
}

/** Why it cannot be listened on; null: it can, or the worker that is to listen there reports another error. */
function refusalOf(endpoint: ListeningTcpConfig): unknown {
  try {
    listenForAMoment(endpoint);
  } catch (thrown) {
    if (errorCodeOf(thrown) === "EADDRINUSE") return thrown;
  }
  return null;
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

function failure(
  { interface: address, port }: ListeningTcpConfig,
  pid: number | null,
  cause: unknown,
): Failure {
  const host = address.includes(":") ? `[${address}]` : address;
  const other = pid === null ? "another program" : `process ${pid}`;
  return new Failure(
    `Cannot listen on "tcp ${host}:${port}": ${other}, which is not of this node, listens there; "share_with_other_nodes": true at the endpoint shares the port with other nodes`,
    { source: "internal", cause },
  );
}
