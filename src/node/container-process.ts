/**
 * ContainerProcess: a worker of type `container`, whose components join routers as clients.
 *
 * `options.shutdown` decides when it ends, `options.restart` which components are started again:
 *
 *     shutdown   shutdown-manual                      never by itself
 *                shutdown-on-last-component-stopped   when no component is left
 *                shutdown-on-any-component-stopped    when one has ended in any way
 *                shutdown-on-any-component-failed     when one has failed, or lost its router
 *     restart    restart-never, restart-always, restart-on-failed
 *
 * A component that cannot reach its router tries again in every mode: the router may start later.
 *
 * When its process ends by itself, all components have failed. Then the container ends if `shutdown` says so.
 * Otherwise it is started again with growing delays, also after a restart that failed, but not after a first start
 * that failed.
 *
 * @module
 */

import { sentenceOf } from "#base/failure.ts";
import { type ProcessExit, printExit } from "#base/process-exit.ts";
import { RestartPolicy } from "#base/restart-policy.ts";
import { type ComponentContext, ComponentHost } from "#component/component-host.ts";
import type { ComponentEnd } from "#component/running-component.ts";
import type { ContainerWorkerConfig } from "#config/component/container-config.ts";
import type { Logger } from "#observe/logger.ts";
import type { WorkerProcess } from "./worker-process.ts";

/** Time for components to leave their realms when the container ends by itself. */
const LEAVE_DEADLINE_MS = 5_000;

/** When a component was started, and when it will be again. */
interface Attempt {
  startedAt: number;
  restarts: RestartPolicy;
  restartTimer: ReturnType<typeof setTimeout> | null;
}

/** A running container. */
export class ContainerProcess implements WorkerProcess {
  /** A container is ready as soon as it starts: its components may need routers that come later. */
  readonly ready: Promise<string[]> = Promise.resolve([]);
  readonly exited: Promise<ProcessExit>;
  readonly #config: ContainerWorkerConfig;
  readonly #log: Logger;
  readonly #host: ComponentHost;
  readonly #exit = Promise.withResolvers<ProcessExit>();
  readonly #attempts: Map<string, Attempt>;
  /** Components that run, or wait for a restart. */
  readonly #open: Set<string>;
  readonly #isRestart: boolean;
  #hasEndedByMode = false;
  #isUsable = true;

  /**
   * Starts the interpreter and, one after the other, the components; `isRestart`: it has been started before.
   *
   * @throws Failure when there is no interpreter.
   */
  constructor(config: ContainerWorkerConfig, context: ComponentContext, isRestart: boolean) {
    const ids = config.components.map(({ id }) => id);
    const startedAt = performance.now();
    this.#config = config;
    this.#isRestart = isRestart;
    this.exited = this.#exit.promise;
    this.#open = new Set(ids);
    this.#attempts = new Map(
      ids.map((id) => [id, { startedAt, restarts: new RestartPolicy(), restartTimer: null }]),
    );
    this.#host = this.#makeHost(context);
    this.#host.start().catch((thrown) => this.#failed(thrown));
    this.#log = context.logOf(this.pid);
  }

  /** Of its first process; without components there is only the controller's. */
  get pid(): number {
    return this.#host.pid ?? process.pid;
  }

  /** A container that has run once is started again after a failure, but not after an end that `shutdown` asks for. */
  shouldRestart({ exitCode }: ProcessExit): boolean {
    return exitCode !== 0 && !this.#hasEndedByMode && (this.#isUsable || this.#isRestart);
  }

  /** Components read their certificates when they connect. */
  renewCertificates(): void {}

  async shutdown(deadlineMs: number): Promise<"ended" | "killed"> {
    this.#stopRestarts();
    const outcome = await this.#host.shutdown(deadlineMs);
    this.#exit.resolve({ exitCode: 0, signal: null });
    return outcome;
  }

  kill(): void {
    this.#stopRestarts();
    this.#host.kill();
    this.#exit.resolve({ exitCode: null, signal: "SIGKILL" });
  }

  #makeHost(context: ComponentContext): ComponentHost {
    const { components, options } = this.#config;
    return new ComponentHost({
      kind: "component",
      components,
      python: options,
      context,
      title: "crossbar-worker [container]",
      onComponentEnd: (component, end) => this.#onComponentEnd(component, end),
      onExit: (exit) => this.#onExit(exit),
    });
  }

  #onComponentEnd({ id }: { id: string }, end: ComponentEnd): void {
    const { shutdown, restart } = this.#config.options;
    const hasFailed = end === "failed" || end === "lost";
    if (end !== "unreachable") this.#open.delete(id);
    if (end === "unreachable") {
      this.#restartLater(id, end);
    } else if (
      (shutdown === "shutdown-on-any-component-failed" && hasFailed) ||
      shutdown === "shutdown-on-any-component-stopped" ||
      (shutdown === "shutdown-on-last-component-stopped" && this.#open.size === 0)
    ) {
      this.#log.info("container ends", { component: id, ended: end, shutdown });
      void this.shutdown(LEAVE_DEADLINE_MS);
    } else if (restart === "restart-always" || (restart === "restart-on-failed" && hasFailed)) {
      this.#restartLater(id, end);
    } else {
      this.#log.warn("component is not started again", { id, ended: end, restart });
    }
  }

  /** All components lived in the process that ended. */
  #onExit(exit: ProcessExit): void {
    const { shutdown } = this.#config.options;
    this.#stopRestarts();
    if (
      shutdown === "shutdown-on-any-component-failed" ||
      shutdown === "shutdown-on-any-component-stopped"
    ) {
      this.#hasEndedByMode = true;
      this.#log.info("container ends", { ended: printExit(exit), shutdown });
    }
    this.#exit.resolve(exit);
  }

  #restartLater(id: string, end: ComponentEnd): void {
    const attempt = this.#attempts.get(id);
    if (attempt === undefined) return;
    this.#open.add(id);
    const delayMs = attempt.restarts.nextDelayMs(performance.now() - attempt.startedAt);
    this.#log.info("component is started again", { id, ended: end, restart_ms: delayMs });
    attempt.restartTimer = setTimeout(() => {
      attempt.restartTimer = null;
      attempt.startedAt = performance.now();
      this.#host.restart(id);
    }, delayMs);
  }

  #stopRestarts(): void {
    for (const { restartTimer } of this.#attempts.values()) {
      if (restartTimer !== null) clearTimeout(restartTimer);
    }
  }

  /** The interpreter cannot run components. */
  #failed(thrown: unknown): void {
    this.#isUsable = false;
    for (const { id } of this.#config.components) {
      this.#log.error("component not started", { id, reason: sentenceOf(thrown) });
    }
    this.#exit.resolve({ exitCode: 1, signal: null });
  }
}
