/**
 * Refuses to share a port with another node: the system would distribute clients among the workers of both, with no word
 * of it anywhere.
 *
 * Before a worker of this node listens, each port that its workers share is listened on for a moment without SO_REUSEPORT,
 * which fails where any program listens. Of a `portrange` that is done with one port after the other up to the first free
 * one; a worker cannot listen on used ones, and goes on to the next, unless they are shared. Of two nodes that start in
 * the same moment neither may notice the other; they then share the port, as they would have without the attempt.
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
 * Checks the ports of all workers, but those of inherited sockets.
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
      const found = foreignListenerOn(endpoint);
      if (found === null) break;
      const pid = processListeningOn(found.port);
      const isEnding = pid !== null && isOrphan(pid) && performance.now() < orphansEndBy;
      if (!isEnding) throw failure({ ...endpoint, port: found.port }, pid, found.thrown);
      await Bun.sleep(LOOK_AGAIN_MS);
    }
  }
}

/** The port that would be shared with another program; null: there is none. */
function foreignListenerOn(endpoint: ListeningTcpConfig): { port: number; thrown: unknown } | null {
  const { port: first, portrange } = endpoint;
  const last = portrange?.[1] ?? first;
  for (let port = first; port <= last; port++) {
    const thrown = refusalOf({ ...endpoint, port }, false);
    if (thrown === null) return null;
    const isLeftOut = portrange !== undefined && refusalOf({ ...endpoint, port }, true) !== null;
    if (!isLeftOut) return { port, thrown };
  }
  return null;
}

/** Why it cannot be listened on; null: it can, or the worker that is to listen there reports another error. */
function refusalOf(endpoint: ListeningTcpConfig, reusePort: boolean): unknown {
  try {
    listenForAMoment(endpoint, reusePort);
  } catch (thrown) {
    if (errorCodeOf(thrown) === "EADDRINUSE") return thrown;
  }
  return null;
}

function sharedEndpoints(workers: readonly WorkerConfig[]): ListeningTcpConfig[] {
  return workers.flatMap((worker) => {
    if (worker.type === "guest" || worker.type === "container") return [];
    return worker.transports.flatMap(({ endpoint }) =>
      endpoint.type === "tcp" && endpoint.shared && endpoint.share_with_other_nodes !== true
        ? [endpoint]
        : [],
    );
  });
}

function listenForAMoment(
  { interface: hostname, port, version }: ListeningTcpConfig,
  reusePort: boolean,
): void {
  // Bun takes both options here, though its types have them for connecting only.
  const options = { hostname, port, reusePort, ipv6Only: version === 6, socket: { data() {} } };
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
