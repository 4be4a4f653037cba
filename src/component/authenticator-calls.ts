/**
 * AuthenticatorCalls: the calls to the authenticators of one process, and the answers to them.
 *
 * @module
 */

import { Failure } from "#base/failure.ts";
import type { CallEvent } from "./runner-event.ts";
import type { RunnerOrder } from "./runner-process.ts";

/** Most calls that the process may have to answer at the same time. */
const MAX_CALLS = 1_000;

/** A process that says nothing for this long, though a call was given up, hangs. */
const SILENCE_MS = 10_000;

/** What becomes of a call; a call that is given up has an answer too. */
export type CallAnswer = Exclude<CallEvent, { event: "canceled" }>;

/** The process that answers. */
export interface CalledProcess {
  order(order: RunnerOrder): void;
  /** Ends it at once. */
  kill(): void;
}

/** The calls of one process. */
export class AuthenticatorCalls {
  readonly #process: CalledProcess;
  /** By number; a call that was given up stays until the process has answered. */
  readonly #pending = new Map<number, PromiseWithResolvers<CallAnswer>>();
  #lastCall = 0;
  #end: string | undefined;
  #silence: Timer | undefined;

  constructor(process: CalledProcess) {
    this.#process = process;
  }

  /**
   * Calls an authenticator; `args` is JSON in a text. A call whose signal is aborted is canceled.
   *
   * @throws Failure when too many calls are unanswered, or the process has ended; the signal's reason.
   */
  async call(id: string, args: string, signal: AbortSignal): Promise<CallAnswer> {
    signal.throwIfAborted();
    if (this.#end !== undefined) throw unanswered(this.#end);
    if (this.#pending.size >= MAX_CALLS) throw unanswered(`${MAX_CALLS} calls wait for an answer`);
    this.#lastCall += 1;
    const call = this.#lastCall;
    const answer = Promise.withResolvers<CallAnswer>();
    this.#pending.set(call, answer);
    const onAbort = () => {
      answer.reject(signal.reason);
      this.#giveUp(call);
    };
    signal.addEventListener("abort", onAbort);
    try {
      this.#process.order({ call: { call, id, args } });
      return await answer.promise;
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  /** The process has said something, so that it does not hang. */
  onSign(): void {
    clearTimeout(this.#silence);
    this.#silence = undefined;
  }

  /** Takes the answer to a call. */
  onAnswer(event: CallEvent): void {
    const answer = this.#pending.get(event.call);
    this.#pending.delete(event.call);
    if (event.event !== "canceled") answer?.resolve(event);
  }

  /** The process has ended. */
  fail(reason: string): void {
    this.onSign();
    this.#end = reason;
    for (const { reject } of this.#pending.values()) reject(unanswered(reason));
    this.#pending.clear();
  }

  #giveUp(call: number): void {
    if (!this.#pending.has(call)) return;
    this.#process.order({ cancel: call });
    // Python code that does not return keeps the process from every other call, too.
    this.#silence ??= setTimeout(() => this.#process.kill(), SILENCE_MS);
  }
}

function unanswered(state: string): Failure {
  return new Failure(`Cannot call an authenticator: ${state}`, { source: "internal" });
}
