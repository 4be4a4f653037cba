/**
 * The controller: starts the node's workers in order, restarts those that die, and stops them.
 *
 * It handles no session and no message of a client, so that no worker's fault reaches it.
 *
 * @module
 */

import { sentenceOf } from "#base/failure.ts";
import type { NodeConfig, WorkerConfig } from "#config/node-config.ts";
import type { Logger } from "#observe/logger.ts";
import type { StartContext } from "./control-message.ts";
import { RestartPolicy } from "./restart-policy.ts";
import { printExit, WorkerHandle } from "./worker-handle.ts";
import { WORKER_TYPES } from "./worker-types.ts";

/** A worker that is ready, with where it listens. */
export interface ReadyWorker {
  id: string;
  type: WorkerConfig["type"];
  pid: number;
  urls: string[];
}

/** Time for a worker to end after `shutdown`, before it is killed. */
const SHUTDOWN_DEADLINE_MS = 5_000;

/** Whether a worker signs with the node's key, to prove to a router that it belongs to the node. */
export function needsNodeKey(config: WorkerConfig): boolean {
  return (
    config.type === "proxy" &&
    Object.values(config.connections).some(({ auth }) => auth === "cryptosign-proxy")
  );
}

/** A configured worker, and its process, if it has one at the moment. */
interface Slot {
  config: WorkerConfig;
  restarts: RestartPolicy;
  handle: WorkerHandle | null;
  restartTimer: ReturnType<typeof setTimeout> | null;
}

/** The workers of one node. */
export class NodeController {
  readonly #config: NodeConfig;
  readonly #context: StartContext;
  readonly #log: Logger;
  readonly #slots: Slot[] = [];
  #stopping = false;

  constructor(config: NodeConfig, context: StartContext, log: Logger) {
    this.#config = config;
    this.#context = context;
    this.#log = log;
  }

  /**
   * Starts every worker, one after the other, and restarts those that die later.
   *
   * @returns the ready workers; fewer than configured when `stop` was called meanwhile.
   * @throws Failure of the first worker that does not become ready; the caller has to call `stop`.
   */
  async start(): Promise<ReadyWorker[]> {
    const workers: ReadyWorker[] = [];
    for (const config of this.#config.workers) {
      if (this.#stopping) break;
      const slot: Slot = {
        config,
        restarts: new RestartPolicy(),
        handle: null,
        restartTimer: null,
      };
      this.#slots.push(slot);
      try {
        workers.push(await this.#startWorker(slot));
      } catch (thrown) {
        if (!this.#stopping) throw thrown;
      }
    }
    return workers;
  }

  /** Makes every worker read its certificates again; a worker that starts later reads them anyway. */
  renewCertificates(): void {
    for (const slot of this.#slots) slot.handle?.renewCertificates();
  }

  /** Stops all workers, proxies before the routers behind them. Safe to call at any time. */
  async stop(): Promise<void> {
    this.#stopping = true;
    for (const type of WORKER_TYPES) {
      const slots = this.#slots.filter((slot) => slot.config.type === type).reverse();
      await Promise.all(slots.map((slot) => this.#stopWorker(slot)));
    }
  }

  /** Kills all workers at once, without a GOODBYE to their clients. */
  kill(): void {
    this.#stopping = true;
    for (const slot of this.#slots) {
      if (slot.restartTimer !== null) clearTimeout(slot.restartTimer);
      slot.handle?.kill();
    }
  }

  async #startWorker(slot: Slot): Promise<ReadyWorker> {
    const { id, type } = slot.config;
    const nodeKey = needsNodeKey(slot.config) ? this.#context.nodeKey : null;
    const context = { ...this.#context, nodeKey };
    const handle = new WorkerHandle(slot.config, context, this.#config.folder);
    slot.handle = handle;
    const urls = await handle.ready;
    this.#log.info("worker started", { id, type, worker_pid: handle.pid });
    this.#watch(slot, handle, performance.now());
    return { id, type, pid: handle.pid, urls };
  }

  #watch(slot: Slot, handle: WorkerHandle, readyAt: number): void {
    const restartAfterExit = async () => {
      const exit = await handle.exited;
      slot.handle = null;
      if (this.#stopping) return;
      const delayMs = slot.restarts.nextDelayMs(performance.now() - readyAt);
      this.#log.warn("worker died", {
        id: slot.config.id,
        worker_pid: handle.pid,
        ended: printExit(exit),
        restart_ms: delayMs,
      });
      this.#restartLater(slot, delayMs);
    };
    void restartAfterExit();
  }

  #restartLater(slot: Slot, delayMs: number): void {
    slot.restartTimer = setTimeout(() => {
      slot.restartTimer = null;
      void this.#restart(slot);
    }, delayMs);
  }

  async #restart(slot: Slot): Promise<void> {
    try {
      await this.#startWorker(slot);
    } catch (thrown) {
      // A process that is partly started has to end before the next attempt.
      await slot.handle?.shutdown(SHUTDOWN_DEADLINE_MS);
      slot.handle = null;
      if (this.#stopping) return;
      const delayMs = slot.restarts.nextDelayMs(0);
      this.#log.error(sentenceOf(thrown), { id: slot.config.id, restart_ms: delayMs });
      this.#restartLater(slot, delayMs);
    }
  }

  async #stopWorker(slot: Slot): Promise<void> {
    if (slot.restartTimer !== null) clearTimeout(slot.restartTimer);
    const handle = slot.handle;
    if (handle === null) return;
    const outcome = await handle.shutdown(SHUTDOWN_DEADLINE_MS);
    const fields = { id: slot.config.id, worker_pid: handle.pid };
    if (outcome === "killed") this.#log.warn("worker killed: did not end in time", fields);
    else this.#log.info("worker stopped", fields);
  }
}
