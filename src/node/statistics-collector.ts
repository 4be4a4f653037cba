/**
 * StatisticsCollector: the figures of the node, out of those that its workers send, for workers that have a viewer.
 *
 * Viewers get them at most once a second, however many workers send theirs.
 *
 * @module
 */

import { STABLE_AFTER_MS } from "#base/restart-policy.ts";
import type { NodeConfig } from "#config/node/node-config.ts";
import type { WorkerConfig } from "#config/node/worker-config.ts";
import type { Logger } from "#observe/logger.ts";
import { ProcessUsageMeter, rounded } from "#observe/process-usage.ts";
import { keepingWarnings, MAX_WARNINGS, RecentWarnings } from "#observe/recent-warnings.ts";
import {
  FIGURES_INTERVAL_MS,
  type NodeStatistics,
  type NodeWarning,
  type ProcessUsage,
  type TransportFacts,
  type Warning,
  type WorkerFigures,
  type WorkerState,
  type WorkerStatistics,
} from "#observe/statistics.ts";
import { transportFactsOf } from "./transport-facts.ts";
import { isNative } from "./worker-types.ts";

/** A worker whose figures are older does not answer. */
const SILENT_MS = 3 * FIGURES_INTERVAL_MS;

/** So often viewers get figures, at most. */
const PUSH_INTERVAL_MS = 1_000;

/** Takes the figures of the node. */
export type SendStatistics = (statistics: NodeStatistics) => void;

/** What a worker sends at each interval in which something has happened. */
export interface WorkerReport {
  figures: WorkerFigures;
  warnings: readonly Warning[];
  warningCount: number;
}

/** What the process of one worker sends, and is sent. */
export interface StatisticsExchange {
  report(report: WorkerReport): void;
  /** The figures are as they were. */
  alive(): void;
  /** `once`: the figures are wanted now; `always`: also at each change, until `no`. */
  want(wanted: "once" | "always" | "no", send: SendStatistics): void;
}

/** What is known of a worker. */
interface KnownWorker {
  type: string;
  transports: TransportFacts[];
  /** Set where the worker sends figures. */
  isNative: boolean;
  process: "none" | "starting" | "running";
  starts: number;
  /** Whether it has ended too often in a row; that is over once the present process has been stable. */
  isCrashLoop: boolean;
  /** When the present process was ready, by the clock of this process. */
  readyAt: number;
  figures: WorkerFigures | null;
  /** When the worker last said what its figures are, or the present process was ready, by the clock of this process. */
  heardAt: number;
  /** Set while the worker has a viewer. */
  viewer: SendStatistics | null;
}

/** The figures of one node. */
export class StatisticsCollector {
  readonly #node: string;
  readonly #release: string;
  readonly #workers = new Map<string, KnownWorker>();
  readonly #usageMeter = new ProcessUsageMeter();
  #usage: ProcessUsage = this.#usageMeter.read();
  #usageReadAt = performance.now();
  readonly #own = new RecentWarnings();
  /** Newest first. */
  #warnings: NodeWarning[] = [];
  #warningsInAll = 0;
  /** Set while there is a viewer. */
  #timer: ReturnType<typeof setInterval> | null = null;
  #push: ReturnType<typeof setTimeout> | null = null;

  constructor(config: Pick<NodeConfig, "controller" | "workers">, release: string) {
    this.#node = config.controller.id;
    this.#release = release;
    for (const worker of config.workers) this.configure(worker);
  }

  /** The controller's log, whose warnings are among those of the node. */
  keeping(log: Logger): Logger {
    return keepingWarnings(log, this.#own);
  }

  /** Adds a worker, or takes another configuration of it. */
  configure(worker: WorkerConfig): void {
    const transports = transportFactsOf(worker);
    const known = this.#workers.get(worker.id);
    if (known !== undefined) known.transports = transports;
    else this.#workers.set(worker.id, newWorker(worker, transports));
  }

  /** There is no such worker any more. */
  remove(id: string): void {
    this.#workers.delete(id);
    this.#keepTime();
  }

  /** A process of a worker is starting. */
  starting(id: string): void {
    this.#change(id, (worker) => {
      worker.process = "starting";
      worker.starts += 1;
    });
  }

  /** The process of a worker is ready. */
  ready(id: string): void {
    this.#change(id, (worker) => {
      worker.process = "running";
      worker.readyAt = performance.now();
      worker.heardAt = worker.readyAt;
    });
  }

  /** The process of a worker has ended, or could not be started. */
  ended(id: string): void {
    this.#change(id, (worker) => {
      worker.process = "none";
      worker.viewer = null;
    });
    this.#keepTime();
  }

  /** A worker is to be started again; `isCrashLoop`: it keeps ending. */
  restarting(id: string, isCrashLoop: boolean): void {
    this.#change(id, (worker) => {
      worker.isCrashLoop = isCrashLoop;
    });
  }

  /** What the process of a worker sends, and is sent. */
  exchangeOf(id: string): StatisticsExchange {
    return {
      report: (report) => this.#report(id, report),
      alive: () => {
        this.#change(id, (worker) => {
          worker.heardAt = performance.now();
        });
      },
      want: (wanted, send) => {
        const worker = this.#workers.get(id);
        if (worker !== undefined && wanted !== "once") {
          worker.viewer = wanted === "always" ? send : null;
          this.#keepTime();
        }
        if (wanted !== "no") send(this.statistics());
      },
    };
  }

  /** The figures at this moment. */
  statistics(): NodeStatistics {
    this.#takeWarnings(null, this.#own.take());
    this.#readUsage();
    return {
      format: 1,
      node: this.#node,
      release: this.#release,
      at: new Date().toISOString(),
      intervalSeconds: FIGURES_INTERVAL_MS / 1000,
      controller: this.#usage,
      workers: [...this.#workers].map(([id, worker]) => workerStatistics(id, worker)),
      warnings: this.#warnings,
      warningsInAll: this.#warningsInAll,
    };
  }

  /** Viewers get nothing more. */
  stop(): void {
    for (const worker of this.#workers.values()) worker.viewer = null;
    this.#keepTime();
    if (this.#push !== null) clearTimeout(this.#push);
  }

  /** While there are viewers, they get figures also where no worker sends anything: that is worth knowing. */
  #keepTime(): void {
    const hasViewer = this.#hasViewer();
    if (hasViewer && this.#timer === null) {
      this.#timer = setInterval(() => this.#changed(), FIGURES_INTERVAL_MS);
    } else if (!hasViewer && this.#timer !== null) {
      clearInterval(this.#timer);
      this.#timer = null;
    }
  }

  /** Reads what this process takes, unless that was done a moment ago. */
  #readUsage(): void {
    const now = performance.now();
    if (now - this.#usageReadAt < FIGURES_INTERVAL_MS) return;
    this.#usageReadAt = now;
    this.#usage = this.#usageMeter.read();
  }

  #report(id: string, { figures, warnings, warningCount }: WorkerReport): void {
    this.#change(id, (worker) => {
      worker.figures = figures;
      worker.heardAt = performance.now();
    });
    this.#takeWarnings(id, { warnings, count: warningCount });
  }

  #takeWarnings(
    worker: string | null,
    { warnings, count }: { warnings: readonly Warning[]; count: number },
  ): void {
    const newer = warnings.map((warning): NodeWarning => ({ ...warning, worker }));
    this.#warnings = [...newer, ...this.#warnings]
      .sort((one, other) => (one.at < other.at ? 1 : -1))
      .slice(0, MAX_WARNINGS);
    this.#warningsInAll += count;
  }

  #change(id: string, change: (worker: KnownWorker) => void): void {
    const worker = this.#workers.get(id);
    if (worker === undefined) return;
    change(worker);
    this.#changed();
  }

  #hasViewer(): boolean {
    for (const { viewer } of this.#workers.values()) if (viewer !== null) return true;
    return false;
  }

  #changed(): void {
    if (this.#push !== null || !this.#hasViewer()) return;
    this.#push = setTimeout(() => {
      this.#push = null;
      const statistics = this.statistics();
      for (const worker of this.#workers.values()) {
        // What a stopped worker is sent would wait in the memory of this process.
        if (!isSilent(worker)) worker.viewer?.(statistics);
      }
    }, PUSH_INTERVAL_MS);
  }
}

function newWorker(worker: WorkerConfig, transports: TransportFacts[]): KnownWorker {
  return {
    type: worker.type,
    transports,
    isNative: isNative(worker),
    process: "none",
    starts: 0,
    isCrashLoop: false,
    readyAt: 0,
    figures: null,
    heardAt: 0,
    viewer: null,
  };
}

function workerStatistics(id: string, worker: KnownWorker): WorkerStatistics {
  const { type, transports, figures, heardAt, starts } = worker;
  return {
    id,
    type,
    state: stateOf(worker),
    restarts: Math.max(0, starts - 1),
    transports,
    ageSeconds: figures && rounded((performance.now() - heardAt) / 1000, 1),
    figures,
  };
}

function stateOf(worker: KnownWorker): WorkerState {
  if (worker.isCrashLoop && !isStable(worker)) return "failing";
  if (worker.process === "none") return "not running";
  if (worker.process === "starting") return "starting";
  return isSilent(worker) ? "silent" : "running";
}

function isStable({ process, readyAt }: KnownWorker): boolean {
  return process === "running" && performance.now() - readyAt >= STABLE_AFTER_MS;
}

function isSilent({ isNative, heardAt }: KnownWorker): boolean {
  return isNative && performance.now() - heardAt > SILENT_MS;
}
