/**
 * `crossproxy start`: loads the configuration, starts the node, and waits for its end.
 *
 * @module
 */

import { resolve } from "node:path";
import { Failure, sentenceOf } from "#base/failure.ts";
import { nameProcess } from "#base/process-settings.ts";
import { ServiceManager } from "#base/service-manager.ts";
import { onUnusedSignal } from "#base/unused-signals.ts";
import { loadNodeConfig } from "#config/load.ts";
import { checkMachine, thisMachine } from "#config/machine-checks.ts";
import type { NodeConfig } from "#config/node/node-config.ts";
import { inOrder } from "#config/text/config-issue.ts";
import { warningLines } from "#config/text/warning-lines.ts";
import type { AdminServer } from "#node/admin/admin-server.ts";
import type { NodeCommands } from "#node/admin/node-operations.ts";
import { type CommandAnswer, takeCommands } from "#node/command-socket.ts";
import type { StartContext } from "#node/control-message.ts";
import { NodeController, needsNodeKey, type ReadyWorker } from "#node/node-controller.ts";
import { decoyKey, loadNodeKey } from "#node/node-key.ts";
import { claimFolder } from "#node/node-pid.ts";
import { logReadyWorkers, printReadyTable } from "#node/ready-table.ts";
import { newRunFolder } from "#node/run-folder.ts";
import { onReloadSignal, onReopenSignal, onShutdownSignal } from "#node/signals.ts";
import type { LogFields, Logger } from "#observe/logger.ts";
import { type LogOutput, processLogger, setLogOutput } from "#observe/process-logger.ts";
import { reopenLogFile, writeOutput } from "#observe/write-output.ts";
import type { ConfigFile } from "./config-file.ts";
import { ExitCode, exitCodeFor } from "./exit-code.ts";
import { type LogChoice, logOutputOf } from "./log-choice.ts";
import { NodeReloader } from "./node-reloader.ts";
import { RELEASE } from "./release.ts";
import { logFaults, reportFaults } from "./report-issues.ts";
import { pidOptions, type StartChoice, warnOfIgnored } from "./start-choice.ts";

const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The log of the controller, and how all processes of the node log. */
interface NodeLog {
  log: Logger;
  choice: LogChoice;
  output: LogOutput;
  /** Whether what is printed once, such as the table of workers, is logged. */
  takesAll: boolean;
  /** Whether the streams have nothing but records. */
  isJson: boolean;
}

/**
 * Runs a node from its configuration file; returns the exit code once the node has ended.
 *
 * @throws Failure when the node cannot start; then no process of it is left.
 */
export async function startCommand(place: ConfigFile, choice: StartChoice): Promise<number> {
  const nodeLog = openLog(choice, place.folder);
  const { log, takesAll, isJson } = nodeLog;
  try {
    warnOfIgnored(choice, log);
    const node = { argv: ["crossproxy", ...process.argv.slice(2)], options: pidOptions(choice) };
    const notice = claimFolder(resolve(place.folder), node);
    if (notice !== null) log.info(notice);
    return await runNode(place, nodeLog, choice.shutdownafter);
  } catch (thrown) {
    if (takesAll) log.error(...eventOf(thrown));
    if (!isJson) throw thrown;
    return exitCodeFor(thrown);
  }
}

/** What a Failure, or a fault of the program, is in a log. */
function eventOf(thrown: unknown): [event: string, fields?: LogFields] {
  if (thrown instanceof Failure) return [thrown.message];
  const stack = (thrown instanceof Error && thrown.stack) || sentenceOf(thrown);
  return ["fault of the program", { stack }];
}

function openLog(choice: StartChoice, folder: string): NodeLog {
  const { loglevel: level, logformat: format } = choice;
  const source = { format, system: "Controller", worker: null };
  const output = logOutputOf(choice, folder);
  const fault = setLogOutput(output, source);
  if (fault !== null) {
    throw new Failure(`Cannot write "${output.file}": ${fault}`, { source: "internal" });
  }
  const isJson = format === "json" && output.file === null;
  const takesAll = isJson || output.file !== null;
  return { log: processLogger({ level, ...source }), choice, output, takesAll, isJson };
}

async function runNode(
  chosen: ConfigFile,
  nodeLog: NodeLog,
  shutdownAfter: number | undefined,
): Promise<number> {
  const { file, folder } = chosen;
  const { log, takesAll, isJson } = nodeLog;
  const { config, faults, warnings, needs } = await loadNodeConfig(file, process.env, folder);
  if (config === null || faults.length > 0) {
    if (takesAll) logFaults(faults, log);
    if (!isJson) reportFaults(faults, file);
    return ExitCode.config;
  }
  const all = inOrder([...warnings, ...checkMachine(needs, thisMachine())]);
  for (const line of warningLines(all)) log.warn(line);

  const context = startContext(config, nodeLog);
  const controller = new NodeController(config, context, log);
  const manager = ServiceManager.of(process.env);
  const { title } = config.controller;
  if (title !== undefined && !nameProcess(title)) log.warn("title not honoured", { title });
  const started = Promise.withResolvers<void>();
  const node = {
    file: chosen,
    config,
    controller,
    nodeKey: (next: NodeConfig) => nodeKey(next, log),
    log,
  };
  const reloader = new NodeReloader(node, context.nodeKey, started.promise);
  const reload = (isForced: boolean) => reloadManaged(reloader, manager, isForced);
  const onRequest = endedOnRequest(controller, { reload, manager }, log, shutdownAfter);
  onReopenSignal(() => reopenLog(controller, nodeLog));
  waitIdly();
  try {
    // A drain takes the way of the signal, so that a later one counts as with it.
    const commands = { reload, drain: () => process.kill(process.pid, "SIGUSR2") };
    const admin = await startAdmin(config, controller, commands, log);
    if (admin !== null) process.on("exit", () => admin.stop());
    const workers = await controller.start();
    started.resolve();
    await takeCommands(config.folder, ({ isForced }) => reload(isForced), log);
    if (workers !== null) {
      printWorkers(workers, nodeLog);
      manager?.ready();
    }
  } catch (thrown) {
    await controller.stop();
    throw thrown;
  }
  // As in Crossbar, only an end that was asked for is a clean one.
  const trigger = controller.ended.then(() => "trigger" as const);
  if ((await Promise.race([onRequest, trigger])) !== "trigger") return ExitCode.clean;
  await controller.stop();
  return ExitCode.failed;
}

function printWorkers(workers: readonly ReadyWorker[], { log, takesAll }: NodeLog): void {
  if (takesAll) logReadyWorkers(workers, log);
  else writeOutput("stdout", printReadyTable(workers));
}

/** Starts the admin endpoint before the workers, so that it tells how far they are; null: there is none. */
async function startAdmin(
  { controller: { admin } }: NodeConfig,
  controller: NodeController,
  commands: NodeCommands,
  log: Logger,
): Promise<AdminServer | null> {
  if (admin === undefined) return null;
  const { startAdminServer } = await import("#node/admin/admin-server.ts");
  const server = await startAdminServer(admin, controller, commands, log);
  log.info("admin endpoint listens", { url: server.url });
  return server;
}

function startContext(config: NodeConfig, { log, choice, output }: NodeLog): StartContext {
  const { id: nodeId, traces } = config.controller;
  return {
    release: RELEASE,
    nodeId,
    folder: config.folder,
    startFolder: process.cwd(),
    runFolder: newRunFolder(),
    logLevel: choice.loglevel,
    logFormat: choice.logformat,
    logOutput: output,
    nodeKey: config.workers.some(needsNodeKey) ? nodeKey(config, log) : null,
    decoyKey: decoyKey(config.folder),
    ...(traces && { traces }),
  };
}

function reopenLog(controller: NodeController, { log, output }: NodeLog): void {
  if (output.file === null) {
    log.info("signal ignored: the log goes to no file", { signal: "SIGUSR1" });
    return;
  }
  const fault = reopenLogFile();
  if (fault === null) log.info("log file opened again");
  else log.warn("log file not opened again", { reason: fault });
  controller.reopenLog();
}

/** Reloads; systemd knows while it lasts. */
async function reloadManaged(
  reloader: NodeReloader,
  manager: ServiceManager | null,
  isForced: boolean,
): Promise<CommandAnswer> {
  manager?.reloading();
  const answer = await reloader.reload(isForced);
  manager?.ready();
  return answer;
}

/** Handles the signals of the node; resolves once a signal, or `--shutdownafter`, has stopped it. */
function endedOnRequest(
  controller: NodeController,
  { reload, manager }: { reload: (isForced: boolean) => void; manager: ServiceManager | null },
  log: Logger,
  shutdownAfter: number | undefined,
): Promise<void> {
  const ended = Promise.withResolvers<void>();
  const stop = () => {
    manager?.stopping();
    void controller.stop().then(ended.resolve, ended.reject);
  };
  onReloadSignal(() => {
    log.info("reload requested", { signal: "SIGHUP" });
    reload(false);
  });
  onUnusedSignal((signal) => log.info("signal has no effect", { signal }));
  onShutdownSignal({
    first(signal) {
      log.info("shutdown requested", { signal });
      stop();
    },
    again(exitCode) {
      controller.kill();
      process.exit(exitCode);
    },
  });
  if (shutdownAfter !== undefined) {
    setTimeout(() => {
      log.info("shutdown requested", { after_s: shutdownAfter });
      stop();
    }, shutdownAfter * 1000);
  }
  return ended.promise;
}

/**
 * Bun polls without a pause while a promise is awaited and no timer or process keeps its loop alive, as in a
 * node whose guests have all ended.
 */
function waitIdly(): void {
  setInterval(() => {}, LONGEST_TIMER_MS);
}

/** The private key of the node; the public key, which routers need, is logged. */
function nodeKey({ folder, controller }: NodeConfig, log: Logger): string {
  const { key, isNew, warnings } = loadNodeKey(folder, controller.id);
  for (const warning of warnings) log.warn(warning);
  log.info(isNew ? "node key made" : "node key read", {
    node: controller.id,
    public_key: key.publicKey,
  });
  return key.privateKey;
}
