/**
 * The life of a worker process: configured by its controller, ready, and ended by it.
 *
 * Signals meant for the node reach every process of the terminal's group; a worker leaves them to
 * the controller, which knows the order in which workers end.
 *
 * @module
 */

import { useDecoyKey } from "#auth/decoy-principals.ts";
import { Failure, sentenceOf } from "#base/failure.ts";
import type { WorkerConfig } from "#config/node-config.ts";
import type { StartContext } from "#node/control-message.ts";
import type { Logger } from "#observe/logger.ts";
import { processLogger } from "#observe/process-logger.ts";
import { writeOutput } from "#observe/write-output.ts";
import { hasController, listenToController, sendToController } from "./controller-channel.ts";
import type { RunningWorker, WorkerContext } from "./running-worker.ts";

/** Longest time to end without a controller, which could kill this process if it took longer. */
const ORPHAN_DEADLINE_MS = 3_000;

/** The kinds of worker as log lines name them. */
const systems = { proxy: "Proxy", router: "Router", "websocket-testee": "Testee" } as const;

/** Runs this process as a worker; it ends by `process.exit`. */
export function runWorkerProcess(): void {
  if (!hasController()) {
    writeOutput("stderr", "Cannot run as a worker: no controller started this process\n");
    process.exit(2);
  }
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});

  let running: Promise<RunningWorker | null> = Promise.resolve(null);
  let log: Logger | null = null;

  const fail = (thrown: unknown) => {
    reportFault(thrown, log);
    process.exit(1);
  };
  process.on("uncaughtException", fail);
  process.on("unhandledRejection", fail);

  const end = async () => {
    const worker = await running;
    await worker?.shutdown();
    process.exit(worker === null ? 1 : 0);
  };

  listenToController({
    start({ config, context }) {
      log = processLogger({
        level: context.logLevel,
        format: context.logFormat,
        system: systems[config.type],
        worker: config.id,
      });
      useDecoyKey(context.decoyKey);
      running = start(config, context, log);
    },
    renewCertificates: () => void running.then((worker) => worker?.renewCertificates()).catch(fail),
    shutdown: () => void end().catch(fail),
    lost() {
      setTimeout(() => process.exit(1), ORPHAN_DEADLINE_MS);
      void end().catch(fail);
    },
  });
}

/** Starts the worker and tells the controller how that went; null when it did not. */
async function start(
  config: WorkerConfig,
  context: StartContext,
  log: Logger,
): Promise<RunningWorker | null> {
  try {
    const worker = await startByType(config, workerContext(config, context, log));
    sendToController({ kind: "ready", urls: worker.urls });
    return worker;
  } catch (thrown) {
    if (!(thrown instanceof Failure)) reportFault(thrown, log);
    const source = thrown instanceof Failure ? thrown.source : "internal";
    sendToController({ kind: "failed", sentence: sentenceOf(thrown), source });
    return null;
  }
}

/** Each process loads only the kind of worker that it is. */
async function startByType(config: WorkerConfig, context: WorkerContext): Promise<RunningWorker> {
  switch (config.type) {
    case "proxy": {
      const { startProxyWorker } = await import("./proxy-worker.ts");
      return startProxyWorker(config, context);
    }
    case "router": {
      const { startRouterWorker } = await import("./router-worker.ts");
      return startRouterWorker(config, context);
    }
    case "websocket-testee": {
      const { startTesteeWorker } = await import("./testee-worker.ts");
      return startTesteeWorker(config, context);
    }
  }
}

function workerContext(config: WorkerConfig, context: StartContext, log: Logger): WorkerContext {
  const nodeInfo = {
    release: context.release,
    bun: Bun.version,
    nodeId: context.nodeId,
    workerId: config.id,
    workerType: config.type,
    pid: process.pid,
    startedAt: new Date().toISOString(),
    workers: context.workers,
  };
  return { log, nodeInfo, nodeKey: context.nodeKey };
}

/** A fault of the program: the one place where a stack is printed. */
function reportFault(thrown: unknown, log: Logger | null): void {
  const stack = (thrown instanceof Error && thrown.stack) || sentenceOf(thrown);
  if (log === null) writeOutput("stderr", `${stack}\n`);
  else log.error("fault of the program", { stack });
}
