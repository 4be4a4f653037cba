/**
 * Reconfiguration: other configurations of a running worker, each of which its controller has prepared first, and
 * then applied or abandoned.
 *
 * @module
 */

import { Failure, sentenceOf } from "#base/failure.ts";
import type { PreparedChange } from "#base/prepared-change.ts";
import type { NativeWorkerConfig } from "#config/node/worker-config.ts";
import type { MessageToController, MessageToWorker } from "#node/control-message.ts";
import type { NextConfig, RunningWorker } from "./running-worker.ts";

/** A message about another configuration. */
export type ReconfigurationMessage = Extract<
  MessageToWorker,
  { kind: "prepare" | "apply" | "abandon" }
>;

/** Answers the controller for one worker. */
export class Reconfiguration {
  readonly #send: (message: MessageToController) => void;
  /** Null: there is none, or it could not be prepared. */
  #prepared: Promise<PreparedChange | null> = Promise.resolve(null);

  constructor(send: (message: MessageToController) => void) {
    this.#send = send;
  }

  /** `worker` is null where the worker could not be started. */
  async handle(
    message: ReconfigurationMessage,
    worker: RunningWorker<NativeWorkerConfig> | null,
  ): Promise<void> {
    if (message.kind === "prepare") {
      const { config, nodeKey, isForced } = message;
      this.#prepared = this.#prepare(worker, { config, nodeKey, isForced });
      return;
    }
    const prepared = this.#prepared;
    this.#prepared = Promise.resolve(null);
    const change = await prepared;
    if (message.kind === "abandon") change?.abandon();
    else {
      change?.apply();
      this.#send({ kind: "applied" });
    }
  }

  async #prepare(
    worker: RunningWorker<NativeWorkerConfig> | null,
    next: NextConfig<NativeWorkerConfig>,
  ): Promise<PreparedChange | null> {
    try {
      if (worker === null) throw new Failure("it does not run", { source: "internal" });
      const change = await worker.prepare(next);
      this.#send({ kind: "prepared", fault: null });
      return change;
    } catch (thrown) {
      this.#send({ kind: "prepared", fault: sentenceOf(thrown) });
      if (!(thrown instanceof Failure)) throw thrown;
      return null;
    }
  }
}
