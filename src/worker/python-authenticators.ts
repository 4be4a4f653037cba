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
import { Failure } from "#base/failure.ts";
import { RestartPolicy } from "#base/restart-policy.ts";
import type { CallAnswer } from "#component/authenticator-calls.ts";
import type { RunnableConfig } from "#component/runner-process.ts";
import type { AuthenticatorsConfig } from "#config/auth/authenticator-config.ts";
import { encodeMessage } from "#wamp/serializer/message-values.ts";
import { readValue } from "#wamp/serializer/read-value.ts";
import { RestartedHost } from "./restarted-host.ts";
import type { WorkerContext } from "./running-worker.ts";

/** When a function that could not be made may be made again. */
interface NextAttempt {
  restarts: RestartPolicy;
  at: number;
}

/** The authenticators of one worker. */
export class PythonAuthenticators implements FunctionAuthenticators {
  readonly #runner: RestartedHost;
  readonly #attempts = new Map<string, NextAttempt>();

  constructor({ list, options }: AuthenticatorsConfig, context: WorkerContext) {
    const host = {
      kind: "authenticator",
      components: list,
      python: options,
      title: "crossbar-worker [authenticators]",
      onComponentEnd: ({ id }: RunnableConfig) => this.#retryLater(id),
    } as const;
    this.#runner = new RestartedHost(host, context, () => this.#attempts.clear());
  }

  /**
   * Starts the process; resolves when every authenticator is ready or over, and at the latest after
   * `ready_timeout`.
   *
   * One that fails is logged, and the worker goes on, also where there is no interpreter. A client that needs
   * it is refused with the same reason.
   */
  async start(): Promise<void> {
    await this.#runner.start();
  }

  async call({ authenticator, args, signal }: FunctionCall): Promise<unknown> {
    await abortable(this.#runner.started, signal);
    await abortable(this.#untilReady(authenticator), signal);
    // Lists and maps with binary values, integers of any length: WAMP's JSON has a form for each of them.
    const text = Buffer.from(encodeMessage(args, "json")).toString();
    const answer = await this.#runner.host?.call(authenticator, text, signal);
    return answerValue(answer);
  }

  /** Ends the process; kills it after a deadline. */
  async shutdown(): Promise<void> {
    await this.#runner.shutdown();
  }

  /** Waits until the function is made; makes it again if that failed and its delay is over. */
  async #untilReady(id: string): Promise<void> {
    const attempt = this.#attempts.get(id);
    if (attempt !== undefined && performance.now() >= attempt.at) {
      this.#attempts.set(id, { ...attempt, at: Number.POSITIVE_INFINITY });
      this.#runner.host?.restart(id);
    }
    if ((await this.#runner.host?.settled(id)) === "ready") return;
    throw new Failure("Cannot call an authenticator: its function could not be made", {
      source: "config",
    });
  }

  #retryLater(id: string): void {
    const restarts = this.#attempts.get(id)?.restarts ?? new RestartPolicy();
    this.#attempts.set(id, { restarts, at: performance.now() + restarts.nextDelayMs(0) });
  }
}

/**
 * What the function returned.
 *
 * @throws CallError for an ApplicationError, Failure for any other exception.
 */
function answerValue(answer: CallAnswer | undefined): unknown {
  if (answer?.event === "returned") return readValue(Buffer.from(answer.value), "json");
  if (answer === undefined) return undefined;
  const { uri, message, reason, place } = answer;
  if (uri !== null) throw new CallError(uri, message === null ? [] : [message]);
  throw new Failure(place === "" ? reason : `${reason} (${place})`, { source: "config" });
}
