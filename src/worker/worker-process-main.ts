/**
 * The main program of a worker process: its controller configures, starts and ends it.
 *
 * A terminal, or a program that looks for names, signals every process of the node; a worker ignores that, because the
 * controller tells the workers what to do, in their order.
 *
 * @module
 */

import { useDecoyKey } from "#auth/decoy-principals.ts";
import { Failure, sentenceOf } from "#base/failure.ts";
import { forgetRuntimeOptions } from "#base/runtime-options.ts";
import { onUnusedSignal } from "#base/unused-signals.ts";
import type { NativeWorkerConfig } from "#config/node/worker-config.ts";
import type { StartContext } from "#node/control-message.ts";
import type { Logger } from "#observe/logger.ts";
import { processLogger, setLogLevel, setLogOutput } from "#observe/process-logger.ts";
import { keepingWarnings, RecentWarnings } from "#observe/recent-warnings.ts";
import { limitingRepeats } from "#observe/repeated-warnings.ts";
import { reopenLogFile, writeOutput } from "#observe/write-output.ts";
import { continueWhenParentEnds } from "#transport/endpoint/system-calls.ts";
import { answerQuestion } from "./answer-question.ts";
import { hasController, listenToController, sendToController } from "./controller-channel.ts";
import { ControllerStatistics } from "./controller-statistics.ts";
import { Reconfiguration } from "./reconfiguration.ts";
import type { RunningWorker, WorkerContext } from "./running-worker.ts";
import { inheritedListeners, shareSockets } from "./shared-sockets.ts";
import { reportFigures } from "./worker-figures.ts";
import { startWorker, systemOf } from "./worker-kinds.ts";
import { applyWorkerOptions } from "./worker-options.ts";

/** Longest shutdown without a controller; with one, the controller kills a process that takes longer. */
const ORPHAN_DEADLINE_MS = 3_000;

/** Runs this process as a worker; it ends by `process.exit`. */
export function runWorkerProcess(): void {
  if (!hasController()) {
    writeOutput("stderr", "Cannot run as a worker: no controller started this process\n");
    process.exit(2);
  }
  forgetRuntimeOptions();
  // A worker that is stopped (SIGSTOP) would not see that its controller has gone.
  continueWhenParentEnds();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", "SIGUSR2"] as const) {
    process.on(signal, () => {});
  }
  onUnusedSignal((signal) => log?.info("signal has no effect", { signal }));

  const ending = new AbortController();
  let running: Promise<RunningWorker<NativeWorkerConfig> | null> = Promise.resolve(null);
  let log: Logger | null = null;
  const warnings = new RecentWarnings();
  const statistics = new ControllerStatistics(sendToController);
  const reconfiguration = new Reconfiguration(sendToController);

  const fail = (thrown: unknown) => {
    reportFault(thrown, log);
    process.exit(1);
  };
  process.on("uncaughtException", fail);
  process.on("unhandledRejection", fail);

  const reopenLog = () => {
    const fault = reopenLogFile();
    if (fault !== null) log?.warn("log file not opened again", { reason: fault });
  };
  process.on("SIGUSR1", reopenLog);

  const end = async (drainMs = 0) => {
    ending.abort();
    const worker = await running;
    await worker?.shutdown(drainMs);
    process.exit(worker === null ? 1 : 0);
  };

  listenToController({
    start({ config, context, sockets }) {
      const { logLevel: level, logFormat: format, logOutput } = context;
      const source = { format, system: systemOf(config), worker: config.id };
      const fault = setLogOutput(logOutput, source);
      const logOf = (pid: number) => processLogger({ level, ...source, pid });
      log = keepingWarnings(limitingRepeats(logOf(process.pid)), warnings);
      if (fault !== null) log.warn("log file not opened", { reason: fault });
      applyWorkerOptions(config.options, log);
      useDecoyKey(context.decoyKey);
      const inheritedSockets = inheritedListeners(sockets ?? []);
      const own = { log, logOf, ending: ending.signal, statistics, inheritedSockets };
      running = start(config, context, own).then((worker) => {
        if (worker !== null) reportFigures(worker, warnings);
        return worker;
      });
    },
    statistics: (figures) => statistics.receive(figures),
    reopenLog,
    question({ id, question }) {
      void running
        .then((worker) => worker && answerQuestion(question, worker))
        .then((answer) => answer && sendToController({ kind: "answer", id, answer }))
        .catch(fail);
    },
    setLogLevel,
    markDown: (marks) => void running.then((worker) => worker?.routers?.mark(marks)).catch(fail),
    renewCertificates: () => void running.then((worker) => worker?.renewCertificates()).catch(fail),
    reconfigure: (message) =>
      void running.then((worker) => reconfiguration.handle(message, worker)).catch(fail),
    shareSockets: (message) =>
      void running.then((worker) => worker && shareSockets(worker, message)).catch(fail),
    leaveSockets: () =>
      void running.then((worker) => worker?.transports.leaveSockets()).catch(fail),
    takeSocketFiles: () =>
      void running.then((worker) => worker?.transports.takeSocketFiles()).catch(fail),
    shutdown: (drainMs) => void end(drainMs).catch(fail),
    lost() {
      setTimeout(() => process.exit(1), ORPHAN_DEADLINE_MS);
      void end().catch(fail);
    },
  });
}

/** What a worker gets from its process, and not from the controller. */
type OwnContext = Pick<
  WorkerContext,
  "log" | "logOf" | "ending" | "statistics" | "inheritedSockets"
>;

/** Starts the worker and reports the result to the controller; null: it did not start. */
async function start(
  config: NativeWorkerConfig,
  context: StartContext,
  own: OwnContext,
): Promise<RunningWorker<NativeWorkerConfig> | null> {
  try {
    const worker = await startWorker(config, workerContext(config, context, own), context.traces);
    sendToController({ kind: "ready", urls: worker.urls });
    return worker;
  } catch (thrown) {
    if (!(thrown instanceof Failure)) reportFault(thrown, own.log);
    const source = thrown instanceof Failure ? thrown.source : "internal";
    sendToController({ kind: "failed", sentence: sentenceOf(thrown), source });
    return null;
  }
}

function workerContext(
  config: NativeWorkerConfig,
  context: StartContext,
  own: OwnContext,
): WorkerContext {
  const nodeInfo = {
    release: context.release,
    nodeId: context.nodeId,
    workerId: config.id,
    workerType: config.type,
  };
  const { nodeKey, folder, startFolder, runFolder, logLevel, downMarks } = context;
  return { ...own, nodeInfo, nodeKey, folder, startFolder, runFolder, logLevel, downMarks };
}

/** Logs a fault of the program, with its stack. */
function reportFault(thrown: unknown, log: Logger | null): void {
  const stack = (thrown instanceof Error && thrown.stack) || sentenceOf(thrown);
  if (log === null) writeOutput("stderr", `${stack}\n`);
  else log.error("fault of the program", { stack });
}
