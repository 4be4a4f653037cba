/**
 * WorkerAuthenticators: the authenticators of type `function` of a worker, whose process another configuration
 * replaces: the new one is started beside the present one, which ends when it has answered its last call.
 *
 * @module
 */

import type { FunctionAuthenticators, FunctionCall } from "#auth/authenticators.ts";
import { Failure } from "#base/failure.ts";
import type { PreparedChange } from "#base/prepared-change.ts";
import type { AuthenticatorsConfig } from "#config/auth/authenticator-config.ts";
import { PythonAuthenticators } from "./python-authenticators.ts";
import type { WorkerContext } from "./running-worker.ts";

/** One process, and the calls that it has not answered. */
interface AuthenticatorProcess {
  readonly authenticators: PythonAuthenticators;
  readonly ids: ReadonlySet<string>;
  readonly calls: Set<Promise<unknown>>;
}

/** Calls the functions of the present configuration. */
export class WorkerAuthenticators implements FunctionAuthenticators {
  readonly #context: WorkerContext;
  /** Undefined: the worker has none. */
  #config: AuthenticatorsConfig | undefined;
  #present: AuthenticatorProcess | undefined;
  readonly #replaced = new Set<AuthenticatorProcess>();

  constructor(context: WorkerContext) {
    this.#context = context;
  }

  /**
   * Starts the process of another configuration; resolves when every authenticator is ready or over. Without a
   * difference the present process goes on, unless it is forced.
   */
  async prepare(
    config: AuthenticatorsConfig | undefined,
    isForced: boolean,
  ): Promise<PreparedChange> {
    if (!isForced && Bun.deepEquals(config, this.#config)) return { apply() {}, abandon() {} };
    const next = config && processOf(config, this.#context);
    await next?.authenticators.start();
    return {
      apply: () => {
        const replaced = this.#present;
        this.#config = config;
        this.#present = next;
        if (replaced !== undefined) void this.#endWhenAnswered(replaced);
      },
      abandon: () => void next?.authenticators.shutdown(),
    };
  }

  call(call: FunctionCall): Promise<unknown> {
    const present = this.#present;
    if (present === undefined || !present.ids.has(call.authenticator)) {
      throw new Failure("Cannot call an authenticator: it is not configured any more", {
        source: "config",
      });
    }
    const answer = present.authenticators.call(call);
    present.calls.add(answer);
    const forget = () => void present.calls.delete(answer);
    answer.then(forget, forget);
    return answer;
  }

  /** Ends the processes; kills them after a deadline. */
  async shutdown(): Promise<void> {
    const all = [...this.#replaced, ...(this.#present ? [this.#present] : [])];
    await Promise.all(all.map(({ authenticators }) => authenticators.shutdown()));
  }

  async #endWhenAnswered(process: AuthenticatorProcess): Promise<void> {
    this.#replaced.add(process);
    await Promise.allSettled(process.calls);
    await process.authenticators.shutdown();
    this.#replaced.delete(process);
  }
}

function processOf(config: AuthenticatorsConfig, context: WorkerContext): AuthenticatorProcess {
  const ids = new Set(config.list.map(({ id }) => id));
  return { authenticators: new PythonAuthenticators(config, context), ids, calls: new Set() };
}
