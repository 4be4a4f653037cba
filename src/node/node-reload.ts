/**
 * reloadNode: makes a running node be as another configuration has it.
 *
 *     processes that stay   prepare it                 all of them, or the node goes on as it is
 *     new native workers    start                      in the same way
 *     processes that stay   apply it                   routers first, so that new routes lead to realms
 *     guests, containers    end and start again
 *     removed workers       tell their clients, and end
 *
 * @module
 */

import type { NodeConfig } from "#config/node/node-config.ts";
import type { NativeWorkerConfig, WorkerConfig } from "#config/node/worker-config.ts";
import type { ReloadPlan } from "./reload-plan.ts";
import type { ReconfigurableProcess } from "./worker-process.ts";
import { isNative, WORKER_TYPES } from "./worker-types.ts";

/** The workers of a node, as a reload changes them. */
export interface ReloadedWorkers {
  /** The process of a native worker; null: it has none, because it waits for a restart. */
  processOf(id: string): ReconfigurableProcess | null;
  /** The private key of the node; null for a worker that does not sign with it. */
  nodeKeyOf(worker: WorkerConfig): string | null;
  /**
   * Starts a worker beside the others.
   *
   * @throws Failure when it does not become ready; then no process of it is left.
   */
  add(worker: WorkerConfig): Promise<void>;
  /** Ends a worker, which is not started again. */
  remove(id: string): Promise<void>;
  /** Workers are started with this configuration from now on; one without a process is started at once. */
  use(config: NodeConfig, changed: readonly NativeWorkerConfig[]): void;
}

/** What is to hold. */
export interface NextNode {
  config: NodeConfig;
  /** All that can be opened again is. */
  isForced: boolean;
}

/** A process that has prepared its configuration. */
interface Prepared {
  config: NativeWorkerConfig;
  process: ReconfigurableProcess;
}

/**
 * Follows a plan.
 *
 * @throws Failure when the configuration cannot be used; the node goes on as it is.
 */
export async function reloadNode(
  workers: ReloadedWorkers,
  plan: ReloadPlan,
  next: NextNode,
): Promise<void> {
  const prepared = await prepareAll(workers, plan.changed, next.isForced);
  const others = [...plan.replaced, ...plan.added];
  try {
    await addAll(workers, others.filter(isNative));
  } catch (thrown) {
    for (const { process } of prepared) process.abandon();
    throw thrown;
  }
  workers.use(next.config, plan.changed);
  endUnprepared(workers, plan.changed, prepared);
  await applyAll(prepared.filter(({ config }) => config.type === "router"));
  await applyAll(prepared.filter(({ config }) => config.type !== "router"));
  await Promise.all(plan.replaced.map(({ id }) => workers.remove(id)));
  for (const worker of others) if (!isNative(worker)) await workers.add(worker);
  await removeAll(workers, plan.removed);
}

/** Ends workers in the order in which a node stops them, those of one type together, because each may drain. */
async function removeAll(
  workers: ReloadedWorkers,
  removed: readonly WorkerConfig[],
): Promise<void> {
  for (const type of WORKER_TYPES) {
    const ofType = removed.filter((worker) => worker.type === type);
    await Promise.all(ofType.map(({ id }) => workers.remove(id)));
  }
}

async function prepareAll(
  workers: ReloadedWorkers,
  changed: readonly NativeWorkerConfig[],
  isForced: boolean,
): Promise<Prepared[]> {
  const prepared: Prepared[] = [];
  const preparations = changed.map(async (config) => {
    const process = workers.processOf(config.id);
    if (process === null) return;
    prepared.push({ config, process });
    await process.prepare(config, workers.nodeKeyOf(config), isForced);
  });
  const failed = (await Promise.allSettled(preparations)).find(isRejected);
  if (failed === undefined) return prepared;
  for (const { process } of prepared) process.abandon();
  throw failed.reason;
}

/** Processes that have started meanwhile, because others ended, have the old configuration; their restart has the new one. */
function endUnprepared(
  workers: ReloadedWorkers,
  changed: readonly NativeWorkerConfig[],
  prepared: readonly Prepared[],
): void {
  for (const { id } of changed) {
    const process = workers.processOf(id);
    if (!prepared.some((one) => one.process === process)) process?.kill();
  }
}

async function applyAll(prepared: readonly Prepared[]): Promise<void> {
  await Promise.all(prepared.map(({ process }) => process.apply()));
}

/** Starts native workers one after the other; when one fails, those before it end again. */
async function addAll(workers: ReloadedWorkers, added: readonly WorkerConfig[]): Promise<void> {
  const started: string[] = [];
  try {
    for (const worker of added) {
      await workers.add(worker);
      started.push(worker.id);
    }
  } catch (thrown) {
    for (const id of started.reverse()) await workers.remove(id);
    throw thrown;
  }
}

function isRejected(result: PromiseSettledResult<void>): result is PromiseRejectedResult {
  return result.status === "rejected";
}
