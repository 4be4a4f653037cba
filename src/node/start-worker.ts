/**
 * The process of a configured worker, by the worker's type.
 *
 * @module
 */

import type { WorkerConfig } from "#config/node/worker-config.ts";
import type { Logger } from "#observe/logger.ts";
import { processLogger } from "#observe/process-logger.ts";
import { ContainerProcess } from "./container-process.ts";
import type { StartContext } from "./control-message.ts";
import { GuestProcess } from "./guest-process.ts";
import type { ClaimedSocket } from "./inherited-sockets.ts";
import { NativeWorkerProcess } from "./native-worker-process.ts";
import type { StatisticsCollector } from "./statistics-collector.ts";
import type { WorkerProcess } from "./worker-process.ts";

/** What a worker needs of its node. */
export interface NodeParts {
  context: StartContext;
  /** Folder of the configuration. */
  folder: string;
  statistics: StatisticsCollector;
  /** For this worker alone. */
  sockets: readonly ClaimedSocket[];
}

/**
 * Starts the process of a worker; `isRestart`: not for the first time.
 *
 * @throws Failure when the process cannot be spawned.
 */
export function startWorker(
  config: WorkerConfig,
  { context, folder, statistics, sockets }: NodeParts,
  isRestart: boolean,
): WorkerProcess {
  const { logLevel, logFormat } = context;
  const logOf =
    (system: string) =>
    (pid: number): Logger =>
      processLogger({ level: logLevel, format: logFormat, system, worker: config.id, pid });
  switch (config.type) {
    case "guest":
      return new GuestProcess(config, logOf("Guest"));
    case "container":
      return new ContainerProcess(
        config,
        { folder, startFolder: context.startFolder, logLevel, logOf: logOf("Container") },
        isRestart,
      );
    default:
      return new NativeWorkerProcess(
        config,
        context,
        folder,
        statistics.exchangeOf(config.id),
        sockets,
      );
  }
}
