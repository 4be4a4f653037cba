/**
 * The controller: starts the node's workers in order, restarts those that die or do not answer, and stops them.
 *
 * It handles no session and no message of a client, so that no worker's fault reaches it.
 *
 * @module
 */

import { Failure, sentenceOf } from "#base/failure.ts";
import { type ProcessExit, printExit } from "#base/process-exit.ts";
import { RestartPolicy } from "#base/restart-policy.ts";
import type { NodeConfig, NodeShutdownTrigger } from "#config/node/node-config.ts";
import type { NativeWorkerConfig, WorkerConfig } from "#config/node/worker-config.ts";
import type { BackendName } from "#observe/backend-facts.ts";
import type { LogLevel } from "#observe/log-format.ts";
import type { LogFields, Logger } from "#observe/logger.ts";
import { setLogLevel } from "#observe/process-logger.ts";
import type { NodeStatistics } from "#observe/statistics.ts";
import type { LastReload, NodeOperations, WorkerReply } from "./admin/node-operations.ts";
import type { WorkerQuestion } from "./answer-message.ts";
import { BackendMarks, type MarkedNode } from "./backend-marks.ts";
import type { CommandAnswer } from "./command-socket.ts";
import type { StartContext } from "./control-message.ts";
import { refuseForeignListeners } from "./foreign-listener.ts";
import type { InheritedSockets } from "./inherited-sockets.ts";
import { type NextNode, type ReloadedWorkers, reloadNode } from "./node-reload.ts";
import { planReload, type ReloadPlan } from "./reload-plan.ts";
import { startGroups } from "./start-order.ts";
import { startWorker } from "./start-worker.ts";
import { StatisticsCollector } from "./statistics-collector.ts";
import { Watchdog } from "./watchdog.ts";
import type { WorkerProcess } from "./worker-process.ts";
import { isNative, NATIVE_WORKER_TYPES, WORKER_TYPES } from "./worker-types.ts";

/** A worker that is ready, with where it listens. */
export interface ReadyWorker {
  id: string;
  type: WorkerConfig["type"];
  pid: number;
  urls: string[];
}

/** Time for a worker to end after `shutdown`, before it is killed. */
const SHUTDOWN_DEADLINE_MS = 5_000;

/** Shortest time over which sessions end where another node serves in place of this one: there is no hurry. */
const FOLLOWED_DRAIN_MS = 10_000;

/** Whether a worker signs with the node's key, to prove to a router that it belongs to the node. */
export function needsNodeKey(config: WorkerConfig): boolean {
  return (
    config.type === "proxy" &&
    Object.values(config.connections).some(({ auth }) => auth === "cryptosign-proxy")
  );
}

/** Whether load balancers may send clients to the node. */
export type Readiness = "starting" | "ready" | "draining";

/** A configured worker, and its process, if it has one at the moment. */
interface Slot {
  config: WorkerConfig;
  restarts: RestartPolicy;
  process: WorkerProcess | null;
  restartTimer: ReturnType<typeof setTimeout> | null;
}

/** The workers of one node. */
export class NodeController implements NodeOperations, MarkedNode {
  #config: NodeConfig;
  #context: Omit<StartContext, "downMarks">;
  readonly #log: Logger;
  readonly #statistics: StatisticsCollector;
  readonly #watchdog: Watchdog;
  readonly #sockets: InheritedSockets;
  readonly #marks: BackendMarks;
  readonly #slots: Slot[] = [];
  /** Those that a reload has removed, while their sessions end. */
  readonly #removed = new Set<Slot>();
  lastReload: LastReload = { isSuccessful: true, succeededAt: Date.now() / 1000 };
  #stopping = false;
  #isFollowed = false;
  #readiness: Readiness = "starting";
  #stopped: Promise<void> | undefined;
  readonly #ended = Promise.withResolvers<void>();

  constructor(
    config: NodeConfig,
    context: Omit<StartContext, "downMarks">,
    sockets: InheritedSockets,
    log: Logger,
  ) {
    this.#config = config;
    this.#sockets = sockets;
    this.#context = context;
    this.#statistics = new StatisticsCollector(config, context.release);
    this.#log = this.#statistics.keeping(log);
    this.#marks = new BackendMarks(this, this.#log);
    const { watchdog } = config.controller;
    this.#watchdog = new Watchdog(watchdog, (process) => this.#onSilent(process, watchdog));
  }

  /**
   * Starts every worker, one group after the other, and restarts those that die later.
   *
   * A guest or a container that cannot be started is logged and left out. With `takeOver` this node follows another
   * one: it is awaited once all native workers are ready, and before guests and containers start.
   *
   * @returns the ready workers; null when `stop` was called meanwhile.
   * @throws Failure of the first router or proxy that does not become ready; the caller has to call `stop`.
   */
  async start(takeOver?: () => Promise<void>): Promise<ReadyWorker[] | null> {
    const { workers } = this.#config;
    await refuseForeignListeners(workers, this.#sockets);
    const first = takeOver === undefined ? workers : workers.filter(isNative);
    const ready = await this.#startInGroups(first);
    if (takeOver !== undefined && !this.#stopping) {
      await takeOver();
      // Until now the node before would have gone on with them.
      if (!this.#stopping) for (const { process } of this.#slots) process?.takeSocketFiles?.();
      ready.push(...(await this.#startInGroups(workers.filter((one) => !isNative(one)))));
    }
    if (this.#stopping) return null;
    this.#sockets.reportUnused(this.#log);
    this.#readiness = "ready";
    return ready;
  }

  async #startInGroups(workers: readonly WorkerConfig[]): Promise<ReadyWorker[]> {
    const { enable_parallel_worker_start: isParallel } = this.#config.controller;
    const ready: (ReadyWorker | null)[] = [];
    for (const group of startGroups(workers, isParallel)) {
      if (this.#stopping) break;
      ready.push(...(await Promise.all(group.map((config) => this.#startNew(config)))));
    }
    return ready.filter((one) => one !== null);
  }

  /** `ready` once every worker is, and until the node begins to stop. */
  get readiness(): Readiness {
    return this.#readiness;
  }

  /**
   * Makes the running workers be as another configuration has them; returns what has been done.
   *
   * @throws Failure when it cannot be used; the node goes on as it is.
   */
  async reload(next: NextNode, nodeKey: string | null): Promise<ReloadPlan> {
    const plan = planReload(this.#config, next.config, next.isForced);
    this.#context = { ...this.#context, nodeKey };
    await reloadNode(this.#reloadedWorkers(), plan, next);
    this.#marks.dropUnknown();
    return plan;
  }

  /** Resolves when a trigger of `controller.options.shutdown` ends the node; the caller has to call `stop`. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  get isStopping(): boolean {
    return this.#readiness === "draining";
  }

  /** A configuration was read again, and taken or refused. */
  noteReload(isSuccessful: boolean): void {
    const succeededAt = isSuccessful ? Date.now() / 1000 : this.lastReload.succeededAt;
    this.lastReload = { isSuccessful, succeededAt };
  }

  get logLevel(): LogLevel {
    return this.#context.logLevel;
  }

  setLogLevel(level: LogLevel): void {
    this.#context = { ...this.#context, logLevel: level };
    setLogLevel(level);
    for (const slot of this.#slots) slot.process?.setLogLevel?.(level);
  }

  get downMarks(): readonly BackendName[] {
    return this.#marks.all;
  }

  async markBackend(backend: BackendName, isDown: boolean): Promise<CommandAnswer> {
    if (this.#isFollowed) {
      const text = "Cannot mark a backend: another process serves in place of the node";
      return { isDone: false, text };
    }
    return this.#marks.set(backend, isDown);
  }

  /** Takes the marks of the node in whose place this one serves. */
  adoptMarks(marks: readonly BackendName[]): void {
    this.#marks.adopt(marks);
  }

  sendMarks(marks: readonly BackendName[]): void {
    for (const slot of this.#slots) slot.process?.markDown?.(marks);
  }

  connections(): ReadonlySet<string> {
    const proxies = this.#config.workers.filter((worker) => worker.type === "proxy");
    return new Set(proxies.flatMap(({ connections }) => Object.keys(connections)));
  }

  statistics(): NodeStatistics {
    return this.#statistics.statistics();
  }

  ask(question: WorkerQuestion, only?: string): Promise<WorkerReply[]> {
    const asked = this.#slots.filter(
      ({ config: { id, type } }) =>
        NATIVE_WORKER_TYPES.includes(type) && (only === undefined || only === id),
    );
    return Promise.all(
      asked.map(async ({ config, process }) => ({
        id: config.id,
        answer: (await process?.ask?.(question)) ?? null,
      })),
    );
  }

  /** Makes every worker read its certificates again; a worker that starts later reads them anyway. */
  renewCertificates(): void {
    for (const slot of this.#slots) slot.process?.renewCertificates();
  }

  /** Makes every worker open the log's file again. */
  reopenLog(): void {
    for (const slot of this.#slots) slot.process?.reopenLog?.();
  }

  /** The workers whose sessions are lost when another node serves in place of this one. */
  get routers(): string[] {
    return this.#config.workers.filter(({ type }) => type === "router").map(({ id }) => id);
  }

  /**
   * Makes every worker send its listening sockets to a socket file of the node's folder, one after the other: the system
   * keeps few messages there. `onShared` is called after each, to take them.
   *
   * @throws Failure when one of them cannot.
   */
  async shareSockets(to: string, onShared: () => void): Promise<void> {
    for (const { process } of [...this.#slots]) {
      await process?.shareSockets?.(to);
      onShared();
    }
  }

  /**
   * Makes room for another node that accepts from the same sockets: workers accept no more and are not started again;
   * guests and containers, which are not to run twice, end. The caller has to call `stop`.
   */
  async leave(): Promise<void> {
    this.#isFollowed = true;
    this.#stopping = true;
    this.#readiness = "draining";
    this.#stopRestarts();
    for (const { process } of this.#slots) process?.leaveSockets?.();
    const others = this.#slots.filter(({ config }) => !isNative(config));
    await Promise.all(others.map((slot) => this.#stopWorker(slot)));
  }

  /**
   * Drains and stops all workers, proxies before the routers behind them. Safe to call at any time, and more than
   * once. A node that was ready is not ready any more for `shutdown_delay`, before it accepts no connections.
   */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    const { shutdownDelayMs } = this.#config.controller;
    const wasReady = this.#readiness === "ready";
    this.#readiness = "draining";
    if (wasReady && shutdownDelayMs > 0) {
      this.#log.info("node is not ready any more", { accepts_ms: shutdownDelayMs });
      await Bun.sleep(shutdownDelayMs);
    }
    this.#stopping = true;
    this.#statistics.stop();
    this.#watchdog.stop();
    this.#stopRestarts();
    for (const type of WORKER_TYPES) {
      const isOfType = ({ config }: Slot) => config.type === type;
      const removed = [...this.#removed].filter(isOfType).map(({ process }) => process?.exited);
      const slots = this.#slots.filter(isOfType).reverse();
      await Promise.all([...removed, ...slots.map((slot) => this.#stopWorker(slot))]);
    }
  }

  /** Kills all workers at once, without a GOODBYE to their clients. */
  kill(): void {
    this.#stopping = true;
    this.#statistics.stop();
    this.#stopRestarts();
    for (const slot of [...this.#slots, ...this.#removed]) slot.process?.kill();
  }

  #reloadedWorkers(): ReloadedWorkers {
    return {
      processOf: (id) => this.#slotOf(id)?.process?.reconfigurable ?? null,
      nodeKeyOf: (worker) => this.#nodeKeyOf(worker),
      add: async (config) => {
        this.#statistics.configure(config);
        try {
          await this.#startNew(config);
        } catch (thrown) {
          await this.#remove(config.id);
          throw thrown;
        }
        if (this.#stopping) throw new Failure("the node ends", { source: "internal" });
      },
      remove: (id) => this.#remove(id),
      use: (config, changed) => this.#use(config, changed),
    };
  }

  #nodeKeyOf(worker: WorkerConfig): string | null {
    return needsNodeKey(worker) ? this.#context.nodeKey : null;
  }

  #slotOf(id: string): Slot | undefined {
    return this.#slots.find(({ config }) => config.id === id);
  }

  #use(next: NodeConfig, changed: readonly NativeWorkerConfig[]): void {
    this.#config = next;
    for (const config of changed) {
      this.#statistics.configure(config);
      const slot = this.#slotOf(config.id);
      if (slot === undefined) continue;
      slot.config = config;
      if (slot.restartTimer === null) continue;
      clearTimeout(slot.restartTimer);
      this.#restartLater(slot, 0);
    }
  }

  async #remove(id: string): Promise<void> {
    const index = this.#slots.findIndex(({ config }) => config.id === id);
    const [slot] = index < 0 ? [] : this.#slots.splice(index, 1);
    if (slot === undefined) return;
    if (slot.restartTimer !== null) clearTimeout(slot.restartTimer);
    this.#removed.add(slot);
    await this.#stopWorker(slot);
    this.#removed.delete(slot);
    this.#statistics.remove(id);
  }

  /** Starts a worker for the first time; null: it is not started, which is logged, or the node ends. */
  async #startNew(config: WorkerConfig): Promise<ReadyWorker | null> {
    const restarts = new RestartPolicy();
    const slot: Slot = { config, restarts, process: null, restartTimer: null };
    this.#slots.push(slot);
    try {
      return await this.#startWorker(slot, false);
    } catch (thrown) {
      if (this.#stopping) return null;
      // The routers and proxies of the node do not depend on programs that are not its own.
      if (config.type !== "guest" && config.type !== "container") throw thrown;
      this.#statistics.ended(config.id);
      this.#log.error(sentenceOf(thrown), { id: config.id });
      return null;
    }
  }

  async #startWorker(slot: Slot, isRestart: boolean): Promise<ReadyWorker> {
    const { id, type } = slot.config;
    const nodeKey = this.#nodeKeyOf(slot.config);
    const context = { ...this.#context, nodeKey, downMarks: [...this.#marks.all] };
    const sockets = isNative(slot.config) ? this.#sockets.claim(slot.config) : [];
    const { folder } = this.#config;
    const parts = { context, folder, statistics: this.#statistics, sockets };
    this.#statistics.starting(id);
    const process = startWorker(slot.config, parts, isRestart);
    this.#sockets.release(sockets);
    slot.process = process;
    const urls = await process.ready;
    this.#statistics.ready(id);
    this.#log.info("worker started", { id, type, worker_pid: process.pid });
    this.#watch(slot, process, performance.now());
    return { id, type, pid: process.pid, urls };
  }

  #watch(slot: Slot, process: WorkerProcess, readyAt: number): void {
    this.#watchdog.watch(process);
    void process.exited.then((exit) => {
      slot.process = null;
      this.#statistics.ended(slot.config.id);
      const isAwaited = this.#stopping || !this.#slots.includes(slot);
      // A worker that hangs is not alive.
      const { heardAt = performance.now() } = process;
      if (!isAwaited) this.#onExit(slot, process, exit, heardAt - readyAt);
    });
  }

  #onSilent(process: WorkerProcess, seconds: number): void {
    const slot = this.#slots.find((one) => one.process === process);
    const fields = { id: slot?.config.id, worker_pid: process.pid, silent_seconds: seconds };
    this.#log.error("worker does not answer, so it is killed", fields);
    process.kill();
  }

  #onExit(slot: Slot, process: WorkerProcess, exit: ProcessExit, aliveMs: number): void {
    const { id, type } = slot.config;
    const fields = { id, worker_pid: process.pid, ended: printExit(exit) };
    // As in Crossbar, the end of a guest never ends the node.
    const trigger = type === "guest" ? undefined : this.#shutdownTrigger(exit);
    if (process.isOutdated) {
      this.#log.info("worker is started again", fields);
      this.#restartLater(slot, 0);
    } else if (trigger !== undefined) {
      this.#log.warn("worker ended, so the node ends", { ...fields, trigger });
      this.#ended.resolve();
    } else if (process.shouldRestart(exit)) {
      this.#restartAfter(slot, aliveMs, "worker died", fields);
    } else {
      this.#log.info("worker ended", fields);
    }
  }

  /** The trigger of `controller.options.shutdown` by which the node ends now; undefined: none. */
  #shutdownTrigger({ exitCode }: ProcessExit): NodeShutdownTrigger | undefined {
    const isOver = ({ process, restartTimer }: Slot) => process === null && restartTimer === null;
    const isLast = this.#slots.length === this.#config.workers.length && this.#slots.every(isOver);
    const applies: Record<NodeShutdownTrigger, boolean> = {
      shutdown_on_worker_exit: true,
      shutdown_on_worker_exit_with_error: exitCode !== 0,
      shutdown_on_last_worker_exit: isLast,
      shutdown_on_shutdown_requested: false,
    };
    return this.#config.controller.shutdown.find((trigger) => applies[trigger]);
  }

  /** Restarts a worker after a growing delay; of one that keeps ending, ever fewer ends are logged. */
  #restartAfter(slot: Slot, aliveMs: number, event: string, fields: LogFields): void {
    const { restarts, config } = slot;
    const delayMs = restarts.nextDelayMs(aliveMs);
    const { ends, isCrashLoop, isReported } = restarts;
    const all = { ...fields, restart_ms: delayMs };
    this.#statistics.restarting(config.id, isCrashLoop);
    if (!isCrashLoop) this.#log.warn(event, all);
    else if (isReported) this.#log.error("worker keeps ending", { ...all, ends, reason: event });
    this.#restartLater(slot, delayMs);
  }

  #restartLater(slot: Slot, delayMs: number): void {
    slot.restartTimer = setTimeout(() => {
      slot.restartTimer = null;
      void this.#restart(slot);
    }, delayMs);
  }

  async #restart(slot: Slot): Promise<void> {
    try {
      await this.#startWorker(slot, true);
    } catch (thrown) {
      // A process that is partly started has to end before the next attempt.
      await slot.process?.shutdown(SHUTDOWN_DEADLINE_MS);
      slot.process = null;
      this.#statistics.ended(slot.config.id);
      if (this.#stopping || !this.#slots.includes(slot)) return;
      this.#restartAfter(slot, 0, sentenceOf(thrown), { id: slot.config.id });
    }
  }

  #stopRestarts(): void {
    for (const { restartTimer } of this.#slots) {
      if (restartTimer !== null) clearTimeout(restartTimer);
    }
  }

  async #stopWorker(slot: Slot): Promise<void> {
    const process = slot.process;
    if (process === null) return;
    const { lameDuckMs } = this.#config.controller;
    const drainMs = this.#isFollowed ? Math.max(lameDuckMs, FOLLOWED_DRAIN_MS) : lameDuckMs;
    const outcome = await process.shutdown(SHUTDOWN_DEADLINE_MS, drainMs);
    const fields = { id: slot.config.id, worker_pid: process.pid };
    if (outcome === "killed") this.#log.warn("worker killed: did not end in time", fields);
    else this.#log.info("worker stopped", fields);
  }
}
