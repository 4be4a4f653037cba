/** What transports need of a worker, where a test looks at none of it. */

import type { TransportContext } from "#transport/listener.ts";
import type { WorkerContext } from "#worker/running-worker.ts";

/** A logger that says nothing. */
export const quiet = { error() {}, warn() {}, info() {}, debug() {} };

/** The context of a worker that is none. */
export const quietContext: TransportContext & WorkerContext = {
  log: quiet,
  logOf: () => quiet,
  ending: new AbortController().signal,
  folder: process.cwd(),
  startFolder: process.cwd(),
  logLevel: "none",
  nodeInfo: {
    release: "0.0.0",
    bun: Bun.version,
    nodeId: "node",
    workerId: "worker",
    workerType: "proxy",
    pid: process.pid,
    startedAt: "2026-01-01T00:00:00Z",
    workers: 1,
  },
};
