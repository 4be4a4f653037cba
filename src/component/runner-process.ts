/**
 * RunnerProcess: a Python process that runs components and authenticators, and is controlled over an
 * inherited descriptor.
 *
 *     descriptor 0      the description of the process (one line of JSON, with the sources of modules), then the
 *                       runner's source
 *     descriptor 1, 2   the output of components
 *     descriptor 3      orders to the runner, events from it
 *     descriptor 4 ...  RawSocket connections to a router worker, one for each of its components
 *
 * Nothing that may be secret is in the command line.
 *
 * @module
 */

import { closeSync } from "node:fs";
import type { Socket } from "bun";
import { Failure, sentenceOf } from "#base/failure.ts";
import { orphanWatch } from "#base/orphan-watch.ts";
import { killGroup } from "#base/process-group.ts";
import type { AuthenticatorConfig } from "#config/auth/authenticator-config.ts";
import type { ComponentConfig } from "#config/component/component-config.ts";
import { BOOTSTRAP, bootstrapInput } from "./python-bootstrap.ts";
import { parseRunnerEvent, type RunnerEvent } from "./runner-event.ts";
import { RUNNER_MODULES, RUNNER_SOURCE } from "./runner-source.ts";

/** The descriptor of orders and events. */
const CHANNEL = 3;

/** The first descriptor that a runner uses for a component's connection. */
const FIRST_CONNECTION = 4;

/** A longer line is no event of the runner. */
const MAX_EVENT_LENGTH = 1024 * 1024;

/** What a runner can run. */
export type RunnableConfig = ComponentConfig | AuthenticatorConfig;

/** An order to the runner. */
export type RunnerOrder =
  | { start: RunnableConfig }
  /** `args` is JSON in a text. */
  | { call: { call: number; id: string; args: string } }
  | { cancel: number };

/** How a runner is started. */
export interface RunnerOptions {
  /** The interpreter's file. */
  python: string;
  /** Working folder of the process, and `cbdir` in the components' configuration. */
  folder: string;
  environment: Record<string, string>;
  title: string;
  /** Processors that it may run on; empty: all. */
  cpuAffinity: readonly number[];
  logLevel: string;
  /** How many connections to a router it inherits. */
  connections: number;
}

/** One process of components. */
export class RunnerProcess {
  readonly pid: number;
  readonly process: Bun.Subprocess;
  readonly #channel: Promise<Socket>;
  /** The begin of an event whose line has not ended. */
  #line = "";
  /** Orders that the channel has not taken yet. */
  #unsent = Buffer.alloc(0);
  /** The ends of connections that no router has taken yet, by their index. */
  readonly #connections = new Map<number, number>();

  /**
   * Starts the process; `onEvent` is called with each event.
   *
   * @throws Failure when the interpreter cannot be run.
   */
  constructor(options: RunnerOptions, onEvent: (event: RunnerEvent) => void) {
    this.process = spawn(options);
    this.pid = this.process.pid;
    for (let index = 0; index < options.connections; index += 1) {
      this.#connections.set(index, this.#descriptor(FIRST_CONNECTION + index));
    }
    this.#channel = this.#openChannel(onEvent);
    this.#channel.catch(() => this.kill());
    const release = orphanWatch.add(-this.pid, "SIGCONT");
    this.process.exited.then(() => this.#ended(release)).catch(() => {});
  }

  /** Hands over this program's end of the connection that the runner has as `descriptorOf(index)`. */
  takeConnection(index: number): number {
    const descriptor = this.#connections.get(index);
    if (descriptor === undefined) {
      throw new Failure("Cannot connect a component: its process has ended", {
        source: "internal",
      });
    }
    this.#connections.delete(index);
    return descriptor;
  }

  /** The number by which the runner has a connection. */
  static descriptorOf(index: number): number {
    return FIRST_CONNECTION + index;
  }

  /** Sends an order. */
  order(order: RunnerOrder): void {
    const line = Buffer.from(`${JSON.stringify(order)}\n`);
    this.#unsent = Buffer.concat([this.#unsent, line]);
    // A runner that has ended takes no order, and its owner waits for its exit.
    this.#channel.then((channel) => this.#flush(channel)).catch(() => {});
  }

  /** Makes every component leave its realm and the process end; kills it after the deadline. */
  async shutdown(deadlineMs: number): Promise<"ended" | "killed"> {
    let outcome: "ended" | "killed" = "ended";
    const timer = setTimeout(() => {
      outcome = "killed";
      this.kill();
    }, deadlineMs);
    // The end of the channel ends the runner also when this program is killed.
    this.#channel.then((channel) => channel.shutdown()).catch(() => {});
    await this.process.exited;
    clearTimeout(timer);
    return outcome;
  }

  /** Ends the process and its children at once, also where it is stopped. */
  kill(): void {
    killGroup(this.pid);
  }

  #descriptor(index: number): number {
    return this.process.stdio[index] as number;
  }

  #ended(release: () => void): void {
    // What components have started has no parent that would end it.
    this.kill();
    release();
    for (const descriptor of this.#connections.values()) closeSync(descriptor);
    this.#connections.clear();
  }

  #flush(channel: Socket): void {
    if (this.#unsent.length === 0) return;
    const written = channel.write(this.#unsent);
    if (written > 0) this.#unsent = this.#unsent.subarray(written);
  }

  #openChannel(onEvent: (event: RunnerEvent) => void): Promise<Socket> {
    const decoder = new TextDecoder();
    // Bun adopts a descriptor, though its types name no such option.
    const options = {
      fd: this.#descriptor(CHANNEL),
      socket: {
        data: (_socket: Socket, chunk: Uint8Array) => {
          this.#read(decoder.decode(chunk, { stream: true }), onEvent);
        },
        drain: (socket: Socket) => this.#flush(socket),
        error: () => this.kill(),
      },
    };
    return Bun.connect(options as unknown as Bun.UnixSocketOptions<undefined>);
  }

  #read(text: string, onEvent: (event: RunnerEvent) => void): void {
    const lines = (this.#line + text).split("\n");
    this.#line = lines.pop() ?? "";
    if (this.#line.length > MAX_EVENT_LENGTH) this.kill();
    for (const line of lines) {
      const event = parseRunnerEvent(line);
      if (event !== undefined) onEvent(event);
    }
  }
}

function spawn(options: RunnerOptions): Bun.Subprocess {
  const description = {
    folder: options.folder,
    title: options.title,
    cpu_affinity: options.cpuAffinity,
    log_level: options.logLevel,
    connections: options.connections,
    modules: RUNNER_MODULES,
  };
  const input = bootstrapInput(description, RUNNER_SOURCE);
  const connections = Array<"pipe">(options.connections).fill("pipe");
  try {
    return Bun.spawn([options.python, "-u", "-c", BOOTSTRAP], {
      cwd: options.folder,
      env: options.environment,
      // A terminal sends its signals to the node's process group: components end when the node asks them to.
      detached: true,
      stdio: [input, "pipe", "pipe", "pipe", ...connections],
    });
  } catch (cause) {
    throw new Failure(`Cannot run "${options.python}": ${sentenceOf(cause)}`, {
      source: "config",
      cause,
    });
  }
}
