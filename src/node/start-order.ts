/**
 * The order in which the workers of a node start.
 *
 * A worker may need those before it: a proxy its routers, a component the program of a guest. Workers of the same type need
 * each other less; only components may look for another router.
 *
 * @module
 */

import type { WorkerConfig } from "#config/node/worker-config.ts";

/**
 * Groups of workers, of which one starts after the other: neighbours of the same type start together, but a router with
 * components starts after the routers before it. `isParallel`: all start together.
 */
export function startGroups(
  workers: readonly WorkerConfig[],
  isParallel: boolean,
): WorkerConfig[][] {
  const groups: WorkerConfig[][] = [];
  for (const worker of workers) {
    const last = groups.at(-1);
    const isNeighbour = last?.[0]?.type === worker.type && !hasComponents(worker);
    if (last !== undefined && (isParallel || isNeighbour)) last.push(worker);
    else groups.push([worker]);
  }
  return groups;
}

function hasComponents(worker: WorkerConfig): boolean {
  return worker.type === "router" && worker.components !== undefined;
}
