/** What transports need of a worker, where a test looks at none of it. */

import type { TransportContext } from "#transport/listener.ts";
import type { WorkerContext } from "#worker/running-worker.ts";
import { nodeFigures } from "./node-figures.ts";

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
    nodeId: "node",
    workerId: "worker",
    workerType: "proxy",
  },
  statistics: {
    read: () => Promise.resolve(nodeFigures()),
    watch: () => () => {},
  },
};
