/**
 * RestartedHost: the components or authenticators of a worker, all in the same process, which is started
 * before the worker listens, and again whenever it ends. Where the first start fails, there is no second one.
 *
 * @module
 */

import { Failure, sentenceOf } from "#base/failure.ts";
import { type ProcessExit, printExit } from "#base/process-exit.ts";
import { RestartPolicy } from "#base/restart-policy.ts";
import { withinTime } from "#base/within-time.ts";
import { ComponentHost, type ComponentHostOptions } from "#component/component-host.ts";
import type { WorkerContext } from "./running-worker.ts";

/** Time for the process to end; the controller gives the worker 5 seconds. */
const DEADLINE_MS = 3_000;

/** Keeps one host running until the worker ends. */
export class RestartedHost {
  readonly #options: Omit<ComponentHostOptions, "context" | "onExit">;
  readonly #context: WorkerContext;
  readonly #onRestart: () => void;
  readonly #restarts = new RestartPolicy();
  #host: ComponentHost | null = null;
  #started: Promise<void> = Promise.resolve();
  #startedAt = 0;
  #restartTimer: Timer | null = null;
  #isEnding = false;

  /** `onRestart` is called when the process has ended by itself and will be started again. */
  constructor(
    options: Omit<ComponentHostOptions, "context" | "onExit">,
    context: WorkerContext,
    onRestart = () => {},
  ) {
    this.#options = options;
    this.#context = context;
    this.#onRestart = onRestart;
  }

  /** The present host; null before the start, and where there is no interpreter. */
  get host(): ComponentHost | null {
    return this.#host;
  }

  /** Settles when all that runs in the present process, or in the next one, has started; rejects where nothing can. */
  get started(): Promise<void> {
    return this.#started;
  }

  /**
   * Starts the process; resolves when all that runs there is ready or over, and at the latest after
   * `ready_timeout`. What is not started is logged.
   */
  async start(): Promise<void> {
    const { ending } = this.#context;
    if (ending.aborted) return;
    // A worker that is to end does not wait for its components.
    const stop = () => void this.shutdown();
    ending.addEventListener("abort", stop);
    this.#started = this.#startHost();
    await withinTime(this.#started, this.#options.python.ready_timeout).catch(ignoreFailure);
    ending.removeEventListener("abort", stop);
  }

  /** Lets components leave their realms, and ends the process; kills it after a deadline. */
  async shutdown(): Promise<void> {
    this.#isEnding = true;
    if (this.#restartTimer !== null) clearTimeout(this.#restartTimer);
    if ((await this.#host?.shutdown(DEADLINE_MS)) !== "killed") return;
    this.#context.log.warn(`${this.#options.kind}s killed: did not end in time`);
  }

  async #startHost(): Promise<void> {
    const { kind, components } = this.#options;
    this.#startedAt = performance.now();
    try {
      this.#host = new ComponentHost({
        ...this.#options,
        context: this.#context,
        onExit: (exit) => this.#onExit(exit),
      });
      await this.#host.start();
    } catch (thrown) {
      if (!(thrown instanceof Failure)) throw thrown;
      for (const { id } of components) {
        this.#context.log.error(`${kind} not started`, { id, reason: sentenceOf(thrown) });
      }
      throw thrown;
    }
  }

  /** All of them lived in the process that ended. */
  #onExit(exit: ProcessExit): void {
    if (this.#isEnding) return;
    const delayMs = this.#nextDelayMs();
    const ended = printExit(exit);
    this.#context.log.error(`${this.#options.kind}s died`, { ended, restart_ms: delayMs });
    this.#onRestart();
    this.#restartLater(delayMs);
  }

  #nextDelayMs(): number {
    return this.#restarts.nextDelayMs(performance.now() - this.#startedAt);
  }

  #restartLater(delayMs: number): void {
    const started = Promise.withResolvers<void>();
    this.#started = started.promise;
    started.promise.catch((thrown) => this.#onFailedRestart(thrown));
    this.#restartTimer = setTimeout(() => started.resolve(this.#startHost()), delayMs);
  }

  /** The interpreter has run them before: what keeps it from that now may pass. */
  #onFailedRestart(thrown: unknown): void {
    ignoreFailure(thrown);
    if (this.#isEnding) return;
    const delayMs = this.#nextDelayMs();
    this.#context.log.warn(`${this.#options.kind}s are tried again`, { restart_ms: delayMs });
    this.#restartLater(delayMs);
  }
}

/** It is in the log; an error of another class is a fault of the program. */
function ignoreFailure(thrown: unknown): void {
  if (!(thrown instanceof Failure)) throw thrown;
}
