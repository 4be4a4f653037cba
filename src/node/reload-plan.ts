/**
 * planReload: what has to be done so that a running node is as another configuration has it.
 *
 * @module
 */

import { Failure } from "#base/failure.ts";
import type { ControllerConfig, NodeConfig } from "#config/node/node-config.ts";
import type { NativeWorkerConfig, WorkerConfig } from "#config/node/worker-config.ts";
import { isNative } from "./worker-types.ts";

/** The workers to which something happens, in the order of the configuration. */
export interface ReloadPlan {
  /** Their processes take the configuration. */
  changed: NativeWorkerConfig[];
  /** Guests and containers, whose processes end, and start again. */
  replaced: WorkerConfig[];
  added: WorkerConfig[];
  /** Those that are gone. */
  removed: WorkerConfig[];
}

/** The attributes of native workers that running processes take; all others need a restart. */
const CHANGEABLE = new Set([
  "connections",
  "routes",
  "balancing",
  "authenticators",
  "realms",
  "transports",
]);

/**
 * Compares two configurations. `isForced`: processes take the configuration also where nothing has changed.
 *
 * @throws Failure when something has changed that needs a restart.
 */
export function planReload(before: NodeConfig, after: NodeConfig, isForced: boolean): ReloadPlan {
  refuseOtherController(before.controller, after.controller);
  const running = new Map(before.workers.map((worker) => [worker.id, worker]));
  const plan: ReloadPlan = { changed: [], replaced: [], added: [], removed: [] };
  for (const worker of after.workers) {
    const present = running.get(worker.id);
    running.delete(worker.id);
    if (present === undefined) plan.added.push(worker);
    else if (!Bun.deepEquals(present, worker)) planChange(present, worker, plan);
    else if (isForced && isNative(worker)) plan.changed.push(worker);
  }
  plan.removed.push(...running.values());
  return plan;
}

/** Nothing of the controller changes while it runs. */
function refuseOtherController(before: ControllerConfig, after: ControllerConfig): void {
  const [one, other] = [before, after] as unknown as Record<string, unknown>[];
  for (const attribute of Object.keys({ ...before, ...after })) {
    if (Bun.deepEquals(one?.[attribute], other?.[attribute])) continue;
    const isItem = ["id", "admin", "traces"].includes(attribute);
    throw needsRestart(`controller.${isItem ? attribute : "options"}`);
  }
}

function planChange(present: WorkerConfig, worker: WorkerConfig, plan: ReloadPlan): void {
  if (present.type !== worker.type) throw needsRestart(`type of worker "${worker.id}"`);
  if (!isNative(worker)) {
    plan.replaced.push(worker);
    return;
  }
  const [one, other] = [present, worker] as unknown as Record<string, unknown>[];
  for (const attribute of new Set([...Object.keys(present), ...Object.keys(worker)])) {
    const isSame = Bun.deepEquals(one?.[attribute], other?.[attribute]);
    if (isSame || CHANGEABLE.has(attribute)) continue;
    throw needsRestart(`${attribute} of worker "${worker.id}"`);
  }
  plan.changed.push(worker);
}

function needsRestart(what: string): Failure {
  return new Failure(`${what} has changed, which needs a restart of the node`, {
    source: "config",
  });
}
