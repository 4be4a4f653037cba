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

/** So long what was found of the routers serves further requests. */
const FRESH_MS = 1_000;

/** The readiness of one node. */
export class Readiness {
  readonly #node: NodeOperations;
  readonly #routers: ReadyRouters;
  #found: { replies: Promise<WorkerReply[]>; at: number } | undefined;

  constructor(node: NodeOperations, routers: ReadyRouters) {
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

  #isLacking({ reachable, unreachable }: RouteReach): boolean {
    return this.#routers === "each" ? unreachable.length > 0 : reachable.length === 0;
  }
}

function lack(id: string, { realm, role, unreachable }: RouteReach): string {
  const connections = unreachable.map((connection) => `"${connection}"`).join(", ");
  return `worker "${id}" cannot reach ${connections} for realm "${realm}", role "${role}"`;
}
