/**
 * Calls of the program's own, and which answer belongs to which.
 *
 *     [CALL, request, options, procedure, args]      [RESULT, request, details, args?, kwargs?]
 *     [CANCEL, request, options]                     [ERROR, CALL, request, details, uri, args?]
 *
 * (WAMP specification, section "Remote Procedure Calls".)
 *
 * @module
 */

import { type AuthenticatorCall, CallError } from "#auth/authenticators.ts";
import { Failure } from "#base/failure.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import { MessageType } from "#wamp/message-type.ts";

/** Most calls that may wait for their answers at once. */
const MAX_CALLS = 1_000;

/** The calls of one session. */
export class OutgoingCalls {
  readonly #send: (message: readonly unknown[]) => void;
  readonly #pending = new Map<number, PromiseWithResolvers<unknown>>();
  #lastRequest = 0;
  #end: string | undefined;

  /** `send` may throw: then the call fails so. */
  constructor(send: (message: readonly unknown[]) => void) {
    this.#send = send;
  }

  /** Whether no call waits for its answer. */
  get isIdle(): boolean {
    return this.#pending.size === 0;
  }

  /**
   * Calls, and resolves with the first argument of the RESULT. A call whose signal is aborted is
   * canceled.
   *
   * @throws CallError for an ERROR; Failure when there is no answer to be expected.
   */
  async call({ procedure, args, signal }: AuthenticatorCall): Promise<unknown> {
    signal.throwIfAborted();
    if (this.#end !== undefined) throw unavailable(this.#end);
    if (this.#pending.size >= MAX_CALLS) {
      throw unavailable(`Cannot call "${procedure}": ${MAX_CALLS} calls wait for their answers`);
    }
    this.#lastRequest += 1;
    const request = this.#lastRequest;
    const answer = Promise.withResolvers<unknown>();
    const cancel = () => {
      answer.reject(signal.reason);
      try {
        this.#send([MessageType.CANCEL, request, { mode: "killnowait" }]);
      } catch {
        // Then the answer comes all the same, and nobody waits for it.
      }
    };
    this.#pending.set(request, answer);
    signal.addEventListener("abort", cancel);
    try {
      this.#send([MessageType.CALL, request, {}, procedure, args]);
      return await answer.promise;
    } finally {
      signal.removeEventListener("abort", cancel);
      this.#pending.delete(request);
    }
  }

  /** Takes a RESULT, or an ERROR about a CALL; false: the message is neither. */
  onMessage(message: readonly unknown[]): boolean {
    const [type] = message;
    if (type === MessageType.RESULT) {
      const [, request, , args] = message;
      this.#pending.get(Number(request))?.resolve(asList(args)[0]);
      return true;
    }
    if (type !== MessageType.ERROR || message[1] !== MessageType.CALL) return false;
    const [, , request, , uri, args] = message;
    this.#pending.get(Number(request))?.reject(new CallError(String(uri), asList(args)));
    return true;
  }

  /** No answer will come any more, to no call. */
  fail(reason: string): void {
    this.#end = `Cannot wait for an answer: ${reason}`;
    for (const { reject } of this.#pending.values()) reject(unavailable(this.#end));
  }
}

function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function unavailable(sentence: string): Failure {
  return new Failure(sentence, { source: "router", uri: ErrorUri.unavailable });
}
