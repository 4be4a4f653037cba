/**
 * `crossproxy start`: loads the configuration, starts the node, and waits for its end.
 *
 * @module
 */

import { ServiceManager } from "#base/service-manager.ts";
import { onUnusedSignal } from "#base/unused-signals.ts";
import { loadNodeConfig } from "#config/load.ts";
import { checkMachine, thisMachine } from "#config/machine-checks.ts";
import type { NodeConfig } from "#config/node/node-config.ts";
import { inOrder } from "#config/text/config-issue.ts";
import { warningLines } from "#config/text/warning-lines.ts";
import { type CommandAnswer, takeCommands } from "#node/command-socket.ts";
import type { StartContext } from "#node/control-message.ts";
import { NodeController, needsNodeKey } from "#node/node-controller.ts";
import { decoyKey, loadNodeKey } from "#node/node-key.ts";
import { printReadyTable } from "#node/ready-table.ts";
import { newRunFolder } from "#node/run-folder.ts";
import { onReloadSignal, onShutdownSignal } from "#node/signals.ts";
import type { LogFormat, LogLevel } from "#observe/log-format.ts";
import type { Logger } from "#observe/logger.ts";
import { processLogger } from "#observe/process-logger.ts";
import { writeOutput } from "#observe/write-output.ts";
import type { ConfigFile } from "./config-file.ts";
import { ExitCode } from "./exit-code.ts";
import { NodeReloader } from "./node-reloader.ts";
import { RELEASE } from "./release.ts";
import { reportFaults } from "./report-issues.ts";

const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** How a node logs, in all its processes. */
export interface LogChoice {
  loglevel: LogLevel;
  logformat: LogFormat;
}

/**
 * Runs a node from its configuration file; returns the exit code once the node has ended.
 *
 * @throws Failure when the node cannot start; then no process of it is left.
 */
export async function startCommand(chosen: ConfigFile, choice: LogChoice): Promise<number> {
  const { file, folder } = chosen;
  const log = processLogger({
    level: choice.loglevel,
    format: choice.logformat,
    system: "Controller",
    worker: null,
  });
  const { config, faults, warnings, needs } = await loadNodeConfig(file, process.env, folder);
  if (config === null || faults.length > 0) {
    reportFaults(faults, file);
    return ExitCode.config;
  }
  const all = inOrder([...warnings, ...checkMachine(needs, thisMachine())]);
  for (const line of warningLines(all)) log.warn(line);

  const manager = ServiceManager.of(process.env);
  const context = startContext(config, choice, log);
  const controller = new NodeController(config, context, log);
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
  const bySignal = endedBySignal(controller, { reload, manager }, log);
  waitIdly();
  try {
    const workers = await controller.start();
    started.resolve();
    await takeCommands(config.folder, ({ isForced }) => reload(isForced), log);
    if (workers !== null) {
      writeOutput("stdout", printReadyTable(workers));
      manager?.ready();
    }
  } catch (thrown) {
    await controller.stop();
    throw thrown;
  }
  // As in Crossbar, only a signal is a clean end.
  const trigger = controller.ended.then(() => "trigger" as const);
  if ((await Promise.race([bySignal, trigger])) !== "trigger") return ExitCode.clean;
  await controller.stop();
  return ExitCode.failed;
}

function startContext(config: NodeConfig, choice: LogChoice, log: Logger): StartContext {
  return {
    release: RELEASE,
    nodeId: config.controller.id,
    folder: config.folder,
    startFolder: process.cwd(),
    runFolder: newRunFolder(),
    logLevel: choice.loglevel,
    logFormat: choice.logformat,
    nodeKey: config.workers.some(needsNodeKey) ? nodeKey(config, log) : null,
    decoyKey: decoyKey(config.folder),
  };
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

/** Handles the signals of the node; resolves once a signal has stopped it. */
function endedBySignal(
  controller: NodeController,
  { reload, manager }: { reload: (isForced: boolean) => void; manager: ServiceManager | null },
  log: Logger,
): Promise<void> {
  const ended = Promise.withResolvers<void>();
  onReloadSignal(() => {
    log.info("reload requested", { signal: "SIGHUP" });
    reload(false);
  });
  onUnusedSignal((signal) => log.info("signal has no effect", { signal }));
  onShutdownSignal({
    first(signal) {
      log.info("shutdown requested", { signal });
      manager?.stopping();
      controller.stop().then(ended.resolve, ended.reject);
    },
    again(exitCode) {
      controller.kill();
      process.exit(exitCode);
    },
  });
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
