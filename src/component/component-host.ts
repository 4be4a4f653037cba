/**
 * ComponentHost: the components of one worker, started in order and watched until the worker ends; or its
 * authenticators in Python.
 *
 * As in Crossbar, a component starts when the one before it is ready, so that it can call procedures which
 * that one registers. A component whose `onJoin` does not return delays the others for `readyTimeoutMs`,
 * and not for ever. Components on Twisted and on asyncio need a process each, because autobahn supports one
 * framework in a process: the components that the first process cannot load are started in a second one.
 *
 * @module
 */

import { Failure } from "#base/failure.ts";
import { exitOf, type ProcessExit } from "#base/process-exit.ts";
import type { ComponentConfig, PythonOptions } from "#config/node-config.ts";
import type { LogLevel } from "#observe/log-format.ts";
import type { Logger } from "#observe/logger.ts";
import { logOutput } from "#observe/process-output.ts";
import { AuthenticatorCalls, type CallAnswer } from "./authenticator-calls.ts";
import { componentEnvironment } from "./component-environment.ts";
import { logComponentEvent, type RunnableKind } from "./component-log.ts";
import { EXIT_TOO_OLD } from "./python-bootstrap.ts";
import { requirePython } from "./python-interpreter.ts";
import type { RunnerEvent } from "./runner-event.ts";
import { type RunnableConfig, type RunnerOptions, RunnerProcess } from "./runner-process.ts";
import {
  type ComponentEnd,
  type ComponentState,
  RunningComponent,
  withinTime,
} from "./running-component.ts";

/** Time for the other processes to end when one has ended by itself. */
const EXIT_DEADLINE_MS = 3_000;

/** What the components of every worker of a node share. */
export interface ComponentContext {
  /** Folder of the configuration, in which components run, and the one in which the node was started. */
  folder: string;
  startFolder: string;
  logLevel: LogLevel;
  /** Makes the log of a process by its id. */
  logOf: (pid: number) => Logger;
}

/** The components of one worker. */
export interface ComponentHostOptions {
  kind: RunnableKind;
  components: readonly RunnableConfig[];
  /** How they are run; after `ready_timeout`, the host waits for none of them. */
  python: PythonOptions;
  context: ComponentContext;
  /** Title of the process where `python` has none. */
  title: string;
  /**
   * Takes the router's end of a component's inherited connection, by its descriptor. Absent: components
   * connect over the transport of their configuration.
   */
  attach?: (component: ComponentConfig, descriptor: number) => void;
  /** A component is over. */
  onComponentEnd: (component: RunnableConfig, end: ComponentEnd) => void;
  /** A process that ran components ended by itself; by then the host has ended the others. */
  onExit: (exit: ProcessExit) => void;
}

/** A process, its log, and whether its interpreter can run components. */
interface Runner {
  process: RunnerProcess;
  calls: AuthenticatorCalls;
  log: Logger;
  usable: PromiseWithResolvers<void>;
  isUsable: boolean;
}

/** Runs components, and reports how they end. */
export class ComponentHost {
  readonly #options: ComponentHostOptions;
  readonly #process: Omit<RunnerOptions, "connections">;
  readonly #runners: Runner[] = [];
  readonly #components = new Map<string, RunningComponent>();
  /** By the id of the component that runs there. */
  readonly #places = new Map<string, Runner>();
  #isEnding = false;

  /**
   * Starts nothing yet.
   *
   * @throws Failure when there is no interpreter.
   */
  constructor(options: ComponentHostOptions) {
    this.#options = options;
    this.#process = processOptions(options);
  }

  /** The first process's id; undefined before the start. */
  get pid(): number | undefined {
    return this.#runners[0]?.process.pid;
  }

  /**
   * Starts every component. Resolves when each of them is ready, is over, or has had its time.
   *
   * @throws Failure when the interpreter cannot run components.
   */
  async start(): Promise<void> {
    const deadline = performance.now() + this.#options.python.ready_timeout;
    let waiting = this.#options.components;
    try {
      // Each process takes at least the first of those that are left.
      while (waiting.length > 0 && !this.#isEnding) {
        waiting = await this.#startInOneProcess(waiting, deadline);
      }
    } catch (thrown) {
      // A process that ends because it is asked to has not failed.
      if (this.#isEnding) return;
      this.kill();
      throw thrown;
    }
  }

  /** Starts a component again that is over, in the process in which it was. */
  restart(id: string): void {
    this.#components.get(id)?.start();
  }

  /** How far a component has come, once it is ready or over; undefined: it was not ordered to start. */
  async settled(id: string): Promise<ComponentState | undefined> {
    return this.#components.get(id)?.settled();
  }

  /**
   * Calls an authenticator that is ready; `args` is JSON in a text.
   *
   * @throws Failure when no answer can come; the signal's reason.
   */
  async call(id: string, args: string, signal: AbortSignal): Promise<CallAnswer> {
    const place = this.#places.get(id);
    if (place === undefined) {
      throw new Failure("Cannot call an authenticator: it has not started", { source: "internal" });
    }
    return place.calls.call(id, args, signal);
  }

  /** Lets every component leave its realm, and ends the processes; kills them after the deadline. */
  async shutdown(deadlineMs: number): Promise<"ended" | "killed"> {
    this.#isEnding = true;
    const outcomes = await Promise.all(
      this.#runners.map(({ process }) => process.shutdown(deadlineMs)),
    );
    return outcomes.includes("killed") ? "killed" : "ended";
  }

  /** Ends the processes at once. */
  kill(): void {
    this.#isEnding = true;
    for (const { process } of this.#runners) process.kill();
  }

  /** Starts components in a new process; returns those that need the other framework. */
  async #startInOneProcess(
    components: readonly RunnableConfig[],
    deadline: number,
  ): Promise<readonly RunnableConfig[]> {
    const runner = this.#startRunner(components.length);
    await this.#becomeUsable(runner, deadline);
    const others: RunnableConfig[] = [];
    for (const [index, component] of components.entries()) {
      if (this.#isEnding) return [];
      const state = await this.#startComponent(component, index, runner, deadline);
      if (state === "other-framework") others.push(component);
    }
    return others.length < components.length ? others : [];
  }

  #startRunner(connections: number): Runner {
    const { attach, context } = this.#options;
    const usable = Promise.withResolvers<void>();
    // The rejection is for the call of `start` that awaits it, if there still is one.
    usable.promise.catch(() => {});
    const process = new RunnerProcess(
      { ...this.#process, connections: attach ? connections : 0 },
      (event) => this.#onEvent(event, runner),
    );
    const calls = new AuthenticatorCalls(process);
    const log = context.logOf(process.pid);
    const runner: Runner = { process, calls, log, usable, isUsable: false };
    this.#runners.push(runner);
    logOutput(process.process, log);
    void process.process.exited.then(() => this.#onExit(runner));
    return runner;
  }

  async #becomeUsable({ process, usable }: Runner, deadline: number): Promise<void> {
    if (await withinTime(usable.promise, deadline - performance.now())) return;
    process.kill();
    throw this.#unusable("it does not answer");
  }

  async #startComponent(
    component: RunnableConfig,
    index: number,
    runner: Runner,
    deadline: number,
  ) {
    const { kind } = this.#options;
    const { process, log } = runner;
    const running = new RunningComponent(this.#attach(component, index, process), process);
    this.#components.set(component.id, running);
    this.#places.set(component.id, runner);
    running.start();
    const state = await running.settled(deadline - performance.now());
    if (state === "starting" || (state === "joined" && !running.hasFailed)) {
      log.warn(`${kind} is not ready in time, so nothing waits for it`, {
        id: component.id,
        state,
        ready_timeout: this.#options.python.ready_timeout,
      });
    }
    return state;
  }

  /** The component as its process is ordered to start it: with its end of the inherited connection. */
  #attach(component: RunnableConfig, index: number, process: RunnerProcess): RunnableConfig {
    const { attach } = this.#options;
    if (attach === undefined || component.type === "authenticator") return component;
    attach(component, process.takeConnection(index));
    return { ...component, transport: { descriptor: RunnerProcess.descriptorOf(index) } };
  }

  #onEvent(event: RunnerEvent, runner: Runner): void {
    const { log, usable, calls } = runner;
    calls.onSign();
    if (event.event === "started") {
      runner.isUsable = true;
      const { python, autobahn } = event;
      log.info(`${this.#options.kind}s are run`, {
        interpreter: this.#process.python,
        python,
        autobahn,
      });
      usable.resolve();
    } else if (event.event === "unusable") {
      usable.reject(this.#unusable(event.reason));
    } else if ("call" in event) {
      calls.onAnswer(event);
    } else {
      logComponentEvent(log, this.#options.kind, event);
      const running = this.#components.get(event.id);
      const end = running?.take(event);
      if (running === undefined || end === undefined || this.#isEnding) return;
      this.#options.onComponentEnd(running.config, end);
    }
  }

  #onExit({ process: { process }, calls, usable, isUsable }: Runner): void {
    calls.fail("its process has ended");
    const isTooOld = process.exitCode === EXIT_TOO_OLD;
    usable.reject(
      this.#unusable(isTooOld ? "it is older than Python 3.9" : "it ended at its start"),
    );
    for (const running of this.#components.values()) running.exited();
    // An interpreter that cannot run components is the failure of `start`.
    if (this.#isEnding || !isUsable) return;
    const exit = exitOf(process);
    void this.shutdown(EXIT_DEADLINE_MS).then(() => this.#options.onExit(exit));
  }

  #unusable(state: string): Failure {
    const { python } = this.#process;
    const hint = `it needs Python 3.9 and autobahn: ${python} -m pip install "autobahn[twisted]"`;
    return new Failure(`Cannot run ${this.#options.kind}s with "${python}": ${state}; ${hint}`, {
      source: "config",
    });
  }
}

function processOptions({
  python: options,
  context: { folder, startFolder, logLevel },
  title,
}: ComponentHostOptions): Omit<RunnerOptions, "connections"> {
  return {
    python: requirePython(options.python),
    folder,
    environment: componentEnvironment(options, startFolder, folder),
    title: options.title ?? title,
    cpuAffinity: options.cpu_affinity,
    logLevel,
  };
}
