/**
 * PythonAuthenticators: the authenticators of type `function` of a proxy or router worker, in a process of
 * their own.
 *
 *     create(config, None) -> authenticate
 *     authenticate(realm, authid, details) -> what a dynamic authenticator returns
 *
 * The process is started before the worker listens, and again whenever it ends. A function that could not be
 * made is made again for the next client that needs it, with growing delays.
 *
 * @module
 */

import { CallError, type FunctionAuthenticators, type FunctionCall } from "#auth/authenticators.ts";
import { abortable } from "#base/abortable.ts";
import { Failure, sentenceOf } from "#base/failure.ts";
import { type ProcessExit, printExit } from "#base/process-exit.ts";
import { RestartPolicy } from "#base/restart-policy.ts";
import type { CallAnswer } from "#component/authenticator-calls.ts";
import { ComponentHost } from "#component/component-host.ts";
import type { AuthenticatorsConfig } from "#config/node-config.ts";
import { encodeMessage } from "#wamp/serializer/message-values.ts";
import { readValue } from "#wamp/serializer/read-value.ts";
import type { WorkerContext } from "./running-worker.ts";

/** Time for the process to end; the controller gives the worker 5 seconds. */
const DEADLINE_MS = 3_000;

/** When a function that could not be made may be made again. */
interface NextAttempt {
  restarts: RestartPolicy;
  at: number;
}

/** The authenticators of one worker. */
export class PythonAuthenticators implements FunctionAuthenticators {
  readonly #config: AuthenticatorsConfig;
  readonly #context: WorkerContext;
  readonly #restarts = new RestartPolicy();
  readonly #attempts = new Map<string, NextAttempt>();
  #host: ComponentHost | null = null;
  /** Settles when calls can be made, and rejects where they never can. */
  #started: Promise<void> = Promise.resolve();
  #startedAt = 0;
  #restartTimer: Timer | null = null;
  #isEnding = false;

  constructor(config: AuthenticatorsConfig, context: WorkerContext) {
    this.#config = config;
    this.#context = context;
  }

  /**
   * Starts the process; resolves when every authenticator is ready, is over, or has had its time.
   *
   * One that fails is logged, and the worker goes on, also where there is no interpreter.
   */
  async start(): Promise<void> {
    const stop = () => void this.shutdown();
    this.#context.ending.addEventListener("abort", stop);
    this.#started = this.#startHost();
    // A client that needs an authenticator is refused with the same reason.
    await this.#started.catch(() => {});
    this.#context.ending.removeEventListener("abort", stop);
  }

  async call({ authenticator, args, signal }: FunctionCall): Promise<unknown> {
    await abortable(this.#started, signal);
    await abortable(this.#untilReady(authenticator), signal);
    // Lists and maps with binary values, integers of any length: WAMP's JSON has a form for each of them.
    const text = encodeMessage(args, "json", true) as string;
    const answer = await this.#host?.call(authenticator, text, signal);
    return answerValue(answer);
  }

  /** Ends the process; kills it after a deadline. */
  async shutdown(): Promise<void> {
    this.#isEnding = true;
    if (this.#restartTimer !== null) clearTimeout(this.#restartTimer);
    if ((await this.#host?.shutdown(DEADLINE_MS)) !== "killed") return;
    this.#context.log.warn("authenticators killed: did not end in time");
  }

  async #startHost(): Promise<void> {
    this.#startedAt = performance.now();
    try {
      this.#host = this.#makeHost();
      await this.#host.start();
    } catch (thrown) {
      if (!(thrown instanceof Failure)) throw thrown;
      for (const { id } of this.#config.list) {
        this.#context.log.error("authenticator not started", { id, reason: sentenceOf(thrown) });
      }
      throw thrown;
    }
  }

  #makeHost(): ComponentHost {
    const { list, options } = this.#config;
    return new ComponentHost({
      kind: "authenticator",
      components: list,
      python: options,
      context: this.#context,
      title: "crossbar-worker [authenticators]",
      onComponentEnd: ({ id }) => this.#retryLater(id),
      onExit: (exit) => this.#restartLater(exit),
    });
  }

  /** Waits until the function is made; makes it again if that failed and its delay is over. */
  async #untilReady(id: string): Promise<void> {
    const attempt = this.#attempts.get(id);
    if (attempt !== undefined && performance.now() >= attempt.at) {
      this.#attempts.set(id, { ...attempt, at: Number.POSITIVE_INFINITY });
      this.#host?.restart(id);
    }
    if ((await this.#host?.settled(id)) === "ready") return;
    throw new Failure("Cannot call an authenticator: its function could not be made", {
      source: "config",
    });
  }

  #retryLater(id: string): void {
    const restarts = this.#attempts.get(id)?.restarts ?? new RestartPolicy();
    this.#attempts.set(id, { restarts, at: performance.now() + restarts.nextDelayMs(0) });
  }

  /** All authenticators lived in the process that ended; clients that come meanwhile wait for the next one. */
  #restartLater(exit: ProcessExit): void {
    if (this.#isEnding) return;
    const delayMs = this.#restarts.nextDelayMs(performance.now() - this.#startedAt);
    const ended = printExit(exit);
    this.#context.log.error("authenticators died", { ended, restart_ms: delayMs });
    this.#attempts.clear();
    const started = Promise.withResolvers<void>();
    this.#started = started.promise;
    started.promise.catch(() => {});
    this.#restartTimer = setTimeout(() => started.resolve(this.#startHost()), delayMs);
  }
}

/**
 * What the function returned.
 *
 * @throws CallError for an ApplicationError, Failure for any other exception.
 */
function answerValue(answer: CallAnswer | undefined): unknown {
  if (answer?.event === "returned") return readValue(answer.value, "json");
  if (answer === undefined) return undefined;
  const { uri, message, reason, place } = answer;
  if (uri !== null) throw new CallError(uri, message === null ? [] : [message]);
  throw new Failure(place === "" ? reason : `${reason} (${place})`, { source: "config" });
}
