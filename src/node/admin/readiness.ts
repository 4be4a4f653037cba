/**
 * Readiness: whether a node can take clients, or what it lacks.
 *
 * A router counts as reachable if a connection to it can be opened now. What clients have found is not enough: a node
 * that gets none would never be ready again.
 *
 * @module
 */

import type { ReadyRouters } from "#config/node/node-config.ts";
import { NATIVE_WORKER_TYPES } from "#node/worker-types.ts";
import type { RouteReach } from "#observe/statistics.ts";
import type { NodeOperations, WorkerReply } from "./node-operations.ts";

/** What it needs of the node. */
type WatchedNode = Pick<NodeOperations, "isStopping" | "statistics" | "ask">;

/** So long what was found of the routers serves further requests. */
const FRESH_MS = 1_000;

/** The readiness of one node. */
export class Readiness {
  readonly #node: WatchedNode;
  readonly #routers: ReadyRouters;
  #found: { replies: Promise<WorkerReply[]>; at: number } | undefined;

  constructor(node: WatchedNode, routers: ReadyRouters) {
    this.#node = node;
    this.#routers = routers;
  }

  /** What is lacking, in sentences; none: the node is ready. */
  async lacks(): Promise<string[]> {
    if (this.#node.isStopping) return ["the node shuts down"];
    const workers = this.#node
      .statistics()
      .workers.filter(
        ({ type, state }) => NATIVE_WORKER_TYPES.includes(type) && state !== "running",
      )
      .map(({ id, state }) => `worker "${id}" is ${state}`);
    if (workers.length > 0 || this.#routers === "none") return workers;
    return (await this.#replies()).flatMap((reply) => this.#routesLackedBy(reply));
  }

  #replies(): Promise<WorkerReply[]> {
    const now = performance.now();
    if (this.#found === undefined || now - this.#found.at > FRESH_MS) {
      this.#found = { replies: this.#node.ask({ about: "routes" }), at: now };
    }
    return this.#found.replies;
  }

  #routesLackedBy({ id, answer }: WorkerReply): string[] {
    if (answer?.about !== "routes") return [`worker "${id}" does not answer`];
    return answer.routes.filter((route) => this.#isLacking(route)).map((route) => lack(id, route));
  }

  /** A router that is marked down is not missed, unless its route has no other. */
  #isLacking({ reachable, unreachable }: RouteReach): boolean {
    return reachable.length === 0 || (this.#routers === "each" && unreachable.length > 0);
  }
}

function lack(id: string, { realm, role, unreachable, markedDown }: RouteReach): string {
  const listed = (connections: readonly string[]) =>
    connections.map((one) => `"${one}"`).join(", ");
  const states = [
    ...(unreachable.length > 0 ? [`cannot reach ${listed(unreachable)}`] : []),
    ...(markedDown.length > 0 ? [`has ${listed(markedDown)} marked down`] : []),
  ];
  return `worker "${id}" ${states.join(" and ")} for realm "${realm}", role "${role}"`;
}
