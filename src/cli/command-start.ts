/**
 * `crossproxy start`: loads the configuration, starts the node, and waits for its end.
 *
 * @module
 */

import { resolve } from "node:path";
import { Failure, sentenceOf } from "#base/failure.ts";
import { nameProcess } from "#base/process-settings.ts";
import { ServiceManager } from "#base/service-manager.ts";
import { loadNodeConfig } from "#config/load.ts";
import { checkMachine, thisMachine } from "#config/machine-checks.ts";
import type { NodeConfig } from "#config/node/node-config.ts";
import { inOrder, printIssue } from "#config/text/config-issue.ts";
import { warningLines } from "#config/text/warning-lines.ts";
import type { AdminListener } from "#node/admin/admin-listener.ts";
import type { NodeCommands } from "#node/admin/node-operations.ts";
import { printBackend } from "#node/backend-marks.ts";
import type { NodeCommand } from "#node/command-message.ts";
import { type CommandAnswer, takeCommands } from "#node/command-socket.ts";
import type { StartContext } from "#node/control-message.ts";
import {
  activatedDescriptors,
  type InheritedDescriptor,
  InheritedSockets,
} from "#node/inherited-sockets.ts";
import { NodeController, needsNodeKey, type ReadyWorker } from "#node/node-controller.ts";
import { decoyKey, loadNodeKey } from "#node/node-key.ts";
import { claimFolder, takeFolder } from "#node/node-pid.ts";
import { Predecessor } from "#node/predecessor.ts";
import { logReadyWorkers, printReadyTable } from "#node/ready-table.ts";
import { newRunFolder } from "#node/run-folder.ts";
import { onReopenSignal } from "#node/signals.ts";
import type { LogFields, Logger } from "#observe/logger.ts";
import { type LogOutput, processLogger, setLogOutput } from "#observe/process-logger.ts";
import { reopenLogFile, writeOutput } from "#observe/write-output.ts";
import type { ConfigFile } from "./config-file.ts";
import { endedOnRequest } from "./end-requests.ts";
import { ExitCode, exitCodeFor } from "./exit-code.ts";
import { HeldResources } from "./held-resources.ts";
import { type LogChoice, logOutputOf } from "./log-choice.ts";
import { NodeReloader } from "./node-reloader.ts";
import { NodeUpgrader } from "./node-upgrader.ts";
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

/** How this process has come to run the node. */
interface Origin {
  /** The node in whose place it serves; null: it was started by itself. */
  predecessor: Predecessor | null;
  /** Sockets of a service manager. */
  activated: InheritedDescriptor[];
  /** What node.pid has of it. */
  pidEntry: { argv: string[]; options: Record<string, unknown> };
}

/**
 * Runs a node from its configuration file; returns the exit code once the node has ended.
 *
 * @throws Failure when the node cannot start; then no process of it is left.
 */
export async function startCommand(place: ConfigFile, choice: StartChoice): Promise<number> {
  const predecessor = Predecessor.of(process.env);
  const activated = activatedDescriptors(process.env);
  const nodeLog = openLog(choice, place.folder);
  const { log, takesAll, isJson } = nodeLog;
  try {
    warnOfIgnored(choice, log);
    const argv = ["crossproxy", ...process.argv.slice(2)];
    const origin = { predecessor, activated, pidEntry: { argv, options: pidOptions(choice) } };
    if (predecessor === null) logNotice(claimFolder(resolve(place.folder), origin.pidEntry), log);
    return await runNode(place, nodeLog, origin, choice.shutdownafter);
  } catch (thrown) {
    await predecessor?.failed(sentenceOf(thrown));
    if (takesAll) log.error(...eventOf(thrown));
    if (!isJson) throw thrown;
    return exitCodeFor(thrown);
  }
}

function logNotice(notice: string | null, log: Logger): void {
  if (notice !== null) log.info(notice);
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
  origin: Origin,
  shutdownAfter: number | undefined,
): Promise<number> {
  const config = await loadConfig(chosen, nodeLog, origin.predecessor);
  if (config === null) return ExitCode.config;
  const node = composeNode(chosen, config, nodeLog, origin);
  const { controller, upgrader, started, held } = node;
  const reload = (isForced: boolean) => reloadManaged(node, isForced);
  const onRequest = endedOnRequest({ ...node, reload, shutdownAfter });
  onReopenSignal(() => reopenLog(controller, nodeLog));
  waitIdly();
  try {
    const workers = await startWorkers(node, origin, reload);
    started.resolve();
    if (workers !== null) {
      const perform = (command: NodeCommand) => performCommand(command, node, reload);
      held.commands = await takeCommands(config.folder, perform, nodeLog.log);
      printWorkers(workers, nodeLog);
      origin.predecessor?.taken();
      node.manager?.ready();
    }
  } catch (thrown) {
    await controller.stop();
    throw thrown;
  }
  return endOf(controller, onRequest, upgrader);
}

/** The parts of a node that is about to start. */
function composeNode(file: ConfigFile, config: NodeConfig, nodeLog: NodeLog, origin: Origin) {
  const { predecessor, activated } = origin;
  const { log } = nodeLog;
  const { folder } = config;
  const runFolder = predecessor?.handedOver.runFolder ?? newRunFolder();
  const context = startContext(config, nodeLog, runFolder);
  const inherited = predecessor?.handedOver.sockets ?? activated;
  const sockets = new InheritedSockets(inherited, folder, log);
  const controller = new NodeController(config, context, sockets, log);
  const manager = ServiceManager.of(process.env);
  const { title } = config.controller;
  if (title !== undefined && !nameProcess(title)) log.warn("title not honoured", { title });
  const held = new HeldResources(runFolder);
  const parts = { folder, runFolder, controller, sockets, predecessor, manager, held, log };
  const upgrader = new NodeUpgrader(parts);
  const keyOf = (next: NodeConfig) => nodeKey(next, log);
  const started = Promise.withResolvers<void>();
  const renewCertificates = () => {
    held.renewCertificates();
    controller.renewCertificates();
  };
  const node = { file, config, controller, renewCertificates, nodeKey: keyOf, log };
  const reloader = new NodeReloader(node, context.nodeKey, started.promise);
  return { ...parts, config, upgrader, reloader, started };
}

/** Starts the workers, and takes what one process of the node alone can have: before them, or from the predecessor. */
async function startWorkers(
  { config, controller, held, log }: ReturnType<typeof composeNode>,
  { predecessor, pidEntry }: Origin,
  reload: (isForced: boolean) => Promise<CommandAnswer>,
): Promise<ReadyWorker[] | null> {
  // A drain takes the way of the signal, so that a later one counts as with it.
  const commands = { reload, drain: () => process.kill(process.pid, "SIGUSR2") };
  const openAdmin = () => startAdmin(config, controller, commands, log);
  if (predecessor === null) {
    held.hold(await openAdmin());
    return controller.start();
  }
  controller.adoptMarks(predecessor.downMarks);
  return controller.start(async () => {
    await predecessor.ready(RELEASE);
    if (controller.isStopping) return;
    controller.adoptMarks(predecessor.downMarks);
    logNotice(takeFolder(config.folder, pidEntry), log);
    held.hold(await openAdmin().catch((thrown) => adminMissing(thrown, log)));
  });
}

/** Waits until the node has ended; gives the exit code. */
async function endOf(
  controller: NodeController,
  onRequest: Promise<void>,
  { followed }: NodeUpgrader,
): Promise<number> {
  const cause = await Promise.race([
    onRequest.then(() => "request" as const),
    controller.ended.then(() => "trigger" as const),
    followed,
  ]);
  await controller.stop();
  // As in Crossbar, only an end that was asked for is a clean one.
  return cause === "request" || cause === "served" ? ExitCode.clean : ExitCode.failed;
}

/** Loads the configuration, and logs what there is to say of it; null: it has faults, which are reported. */
async function loadConfig(
  { file, folder }: ConfigFile,
  { log, takesAll, isJson }: NodeLog,
  predecessor: Predecessor | null,
): Promise<NodeConfig | null> {
  const { config, faults, warnings, needs } = await loadNodeConfig(file, process.env, folder);
  if (config === null || faults.length > 0) {
    if (takesAll) logFaults(faults, log);
    if (!isJson) reportFaults(faults, file);
    const [first] = faults;
    await predecessor?.failed(first === undefined ? `"${file}" has faults` : printIssue(first));
    return null;
  }
  const all = inOrder([...warnings, ...checkMachine(needs, thisMachine())]);
  for (const line of warningLines(all)) log.warn(line);
  return config;
}

/** The other process has ended its own endpoint already, so that the node goes on without. */
function adminMissing(thrown: unknown, log: Logger): null {
  log.error("admin endpoint does not listen", { reason: sentenceOf(thrown) });
  return null;
}

/** Does what the command line asks of the running node. */
async function performCommand(
  command: NodeCommand,
  { controller, reloader, upgrader }: ReturnType<typeof composeNode>,
  reload: (isForced: boolean) => Promise<CommandAnswer>,
): Promise<CommandAnswer> {
  switch (command.command) {
    case "reload":
      return reload(command.isForced);
    case "upgrade":
      return reloader.betweenReloads(() => upgrader.upgrade(command));
    case "backend":
      return controller.markBackend(command, command.isDown);
    case "figures":
      return { isDone: true, text: JSON.stringify(controller.statistics()) };
    case "status": {
      const marks = controller.downMarks.map(
        (mark) => `Backend ${printBackend(mark)} is marked down`,
      );
      return { isDone: true, text: marks.join("\n") };
    }
  }
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
): Promise<AdminListener | null> {
  if (admin === undefined) return null;
  const { startAdminServer } = await import("#node/admin/admin-server.ts");
  const server = await startAdminServer(admin, controller, commands, log);
  log.info("admin endpoint listens", { url: server.url });
  return server;
}

function startContext(
  config: NodeConfig,
  { log, choice, output }: NodeLog,
  runFolder: string,
): Omit<StartContext, "downMarks"> {
  const { id: nodeId, traces } = config.controller;
  return {
    release: RELEASE,
    nodeId,
    folder: config.folder,
    startFolder: process.cwd(),
    runFolder,
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
  { reloader, upgrader, manager }: ReturnType<typeof composeNode>,
  isForced: boolean,
): Promise<CommandAnswer> {
  if (upgrader.isFollowed) {
    return { isDone: false, text: "Cannot reload the node: another process serves in its place" };
  }
  manager?.reloading();
  const answer = await reloader.reload(isForced);
  manager?.ready();
  return answer;
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
