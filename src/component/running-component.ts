/**
 * RunningComponent: one component, from the order to start it until its session is over; or an authenticator,
 * from the order to make it.
 *
 * @module
 */

import { withinTime } from "#base/within-time.ts";
import type { ComponentEvent } from "./runner-event.ts";
import type { RunnableConfig, RunnerProcess } from "./runner-process.ts";

/**
 * How a component ended. `left`: it left its realm; `lost`: its connection ended without that;
 * `unreachable`: no connection to its router could be made; `failed`: everything else.
 */
export type ComponentEnd = "left" | "lost" | "unreachable" | "failed";

/** How far a component has come. */
export type ComponentState = "starting" | "joined" | "ready" | "over" | "other-framework";

/** One component of a process. */
export class RunningComponent {
  readonly config: RunnableConfig;
  readonly #process: RunnerProcess;
  #state: ComponentState = "starting";
  #loaded = Promise.withResolvers<void>();
  #settled = Promise.withResolvers<void>();
  #hasFailed = false;

  constructor(config: RunnableConfig, process: RunnerProcess) {
    this.config = config;
    this.#process = process;
  }

  get state(): ComponentState {
    return this.#state;
  }

  /** Whether its `onJoin` raised an exception. */
  get hasFailed(): boolean {
    return this.#hasFailed;
  }

  /** Orders the component to be started, for the first time or again. */
  start(): void {
    this.#state = "starting";
    this.#hasFailed = false;
    this.#loaded = Promise.withResolvers();
    this.#settled = Promise.withResolvers();
    this.#process.order({ start: this.config });
  }

  /** Takes an event of the component; returns how it ended, or undefined where it goes on. */
  take(event: ComponentEvent): ComponentEnd | undefined {
    this.#loaded.resolve();
    if (event.event === "loaded") return undefined;
    const end = endOf(event);
    if (event.event === "failed") this.#hasFailed = true;
    if (end !== undefined) this.#state = "over";
    else if (event.event === "joined") this.#state = "joined";
    else if (event.event === "ready" || event.event === "other-framework") {
      this.#state = event.event;
    }
    // A component whose onJoin failed will not become ready, though it stays joined.
    if (event.event !== "joined") this.#settled.resolve();
    return end;
  }

  /** Its process has ended. */
  exited(): void {
    this.#state = "over";
    this.#loaded.resolve();
    this.#settled.resolve();
  }

  /** Waits until the process has loaded the component, or has reported that it cannot. */
  async loaded(): Promise<void> {
    await this.#loaded.promise;
  }

  /** Waits until the component is ready or over; with a time, at most for that. */
  async settled(milliseconds?: number): Promise<ComponentState> {
    if (milliseconds === undefined) await this.#settled.promise;
    else await withinTime(this.#settled.promise, milliseconds);
    return this.#state;
  }
}

/** How an event ends its component; undefined: it does not. */
function endOf(event: ComponentEvent): ComponentEnd | undefined {
  switch (event.event) {
    case "failed":
      if (event.stays_joined) return undefined;
      return event.step === "connect" ? "unreachable" : "failed";
    case "lost":
      if (!event.had_joined) return "unreachable";
      return event.was_clean ? "left" : "lost";
    case "left":
      if (event.was_lost) return "lost";
      return event.had_joined ? "left" : "failed";
    default:
      return undefined;
  }
}
