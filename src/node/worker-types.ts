/**
 * The types of worker that node.json may name, in the order in which a node stops them.
 *
 * @module
 */

import type { NativeWorkerConfig, WorkerConfig } from "#config/node/worker-config.ts";

type WorkerType = WorkerConfig["type"];

/** The compiler requires every type here. */
const TYPES: Record<WorkerType, true> = {
  "websocket-testee": true,
  proxy: true,
  container: true,
  guest: true,
  router: true,
};

/** All types: clients are told first, then components and guests leave, and routers end last. */
export const WORKER_TYPES = Object.keys(TYPES) as readonly WorkerType[];

/** The types of workers that are processes of this program; the compiler requires every type here. */
export const NATIVE_WORKER_TYPES = Object.keys({
  proxy: true,
  router: true,
  "websocket-testee": true,
} satisfies Record<NativeWorkerConfig["type"], true>);

/** Whether a worker is a process of this program, without which the node cannot be started. */
export function isNative(worker: WorkerConfig): worker is NativeWorkerConfig {
  return NATIVE_WORKER_TYPES.includes(worker.type);
}
