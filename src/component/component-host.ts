/**
 * ComponentHost: the components of one worker, started in order and watched until the worker ends; or its
 * authenticators in Python.
 *
 * As in Crossbar, a component starts when the one before it is ready, so that it can call procedures which
 * that one registers. A component whose `onJoin` does not return delays the others for `ready_timeout`,
 * and not for ever. Components on Twisted and on asyncio need a process each, because autobahn supports one
 * framework in a process: the components that the first process cannot load are started in a second one.
 *
 * @module
 */

import { Failure, sentenceOf } from "#base/failure.ts";
import { exitOf, type ProcessExit } from "#base/process-exit.ts";
import { withinTime } from "#base/within-time.ts";
import type { ComponentConfig } from "#config/component/component-config.ts";
import type { PythonOptions } from "#config/component/process-config.ts";
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
import { type ComponentEnd, type ComponentState, RunningComponent } from "./running-component.ts";

/** Time for the interpreter to import autobahn. */
const USABLE_DEADLINE_MS = 30_000;

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
  /** A process that ran components ended by itself, or the second one did not start; the others have ended too. */
  onExit: (exit: ProcessExit) => void;
}

/** A process and its log. */
interface Runner {
  process: RunnerProcess;
  calls: AuthenticatorCalls;
  log: Logger;
  /** Whether its interpreter has said that it can run components; `usable` settles once that is known. */
  isUsable: boolean;
  usable: PromiseWithResolvers<void>;
  /** Resolves when the process has ended and its output is in the log. */
  output: Promise<void>;
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
   * Starts every component. Resolves when each of them is loaded, and is ready, is over, or has had its time.
   *
   * @throws Failure when the interpreter cannot run components.
   */
  async start(): Promise<void> {
    const { components, python } = this.#options;
    if (components.length === 0) return;
    try {
      await this.#startAll(components, performance.now() + python.ready_timeout);
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
    await Promise.all(this.#runners.map(({ output }) => output));
    return outcomes.includes("killed") ? "killed" : "ended";
  }

  /** Ends the processes at once. */
  kill(): void {
    this.#isEnding = true;
    for (const { process } of this.#runners) process.kill();
  }

  /** Starts components in a new process, then those that need the other framework in one more. */
  async #startAll(components: readonly RunnableConfig[], deadline: number): Promise<void> {
    const runner = this.#startRunner(components.length);
    await this.#becomeUsable(runner);
    const started: RunningComponent[] = [];
    for (const [index, component] of components.entries()) {
      if (this.#isEnding) return;
      started.push(await this.#startComponent(component, index, runner, deadline));
    }
    // One that has had its time may still be loading.
    await Promise.all(started.map((one) => one.loaded()));
    await this.#startOthers(started, runner, deadline);
  }

  /** Starts the components that a process could not load, but not if it could load none. */
  async #startOthers(
    started: readonly RunningComponent[],
    { log }: Runner,
    deadline: number,
  ): Promise<void> {
    const others = started.filter(({ state }) => state === "other-framework");
    if (others.length === 0 || others.length === started.length || this.#isEnding) return;
    const components = this.#options.components.filter(({ id }) =>
      others.some(({ config }) => config.id === id),
    );
    try {
      await this.#startAll(components, deadline);
    } catch (thrown) {
      if (this.#isEnding) return;
      if (!(thrown instanceof Failure)) throw thrown;
      for (const { id } of components) {
        log.error(`${this.#options.kind} not started`, { id, reason: sentenceOf(thrown) });
      }
      this.#endWith({ exitCode: 1, signal: null });
    }
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
    const output = logOutput(process.process, log);
    const runner: Runner = { process, calls, log, isUsable: false, usable, output };
    this.#runners.push(runner);
    void process.process.exited.then(() => this.#onExit(runner));
    return runner;
  }

  async #becomeUsable({ process, usable }: Runner): Promise<void> {
    if (await withinTime(usable.promise, USABLE_DEADLINE_MS)) return;
    process.kill();
    throw this.#unusable("it does not answer");
  }

  async #startComponent(
    component: RunnableConfig,
    index: number,
    runner: Runner,
    deadline: number,
  ): Promise<RunningComponent> {
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
    return running;
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

  #onExit({ process: { process }, calls, isUsable, usable }: Runner): void {
    calls.fail("its process has ended");
    const isTooOld = process.exitCode === EXIT_TOO_OLD;
    usable.reject(
      this.#unusable(isTooOld ? "it is older than Python 3.9" : "it ended at its start"),
    );
    for (const running of this.#components.values()) running.exited();
    const exit = exitOf(process);
    // An interpreter that ends by itself at its start cannot run components: `#startAll` fails with that.
    if (this.#isEnding || (!isUsable && exit.signal === null)) return;
    this.#endWith(exit);
  }

  /** Ends the other processes when one has ended by itself. */
  #endWith(exit: ProcessExit): void {
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
    python: requirePython(options.python, startFolder),
    folder,
    environment: componentEnvironment(options, startFolder, folder),
    title: options.title ?? title,
    cpuAffinity: options.cpu_affinity,
    logLevel,
  };
}
