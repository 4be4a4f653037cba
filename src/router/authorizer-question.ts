/**
 * AuthorizerQuestion: one call of an authorizer, for whose answer one or several requests wait.
 *
 * @module
 */

import type { Decision } from "./authorizer-result.ts";

/** A decision, or why there is none. */
export type AuthorizerAnswer = Decision | { reason: string };

/** The reason of an abort when no request needs the answer any more. */
export const WITHDRAWN = new Error("the request was withdrawn");

/** A question that has been asked. */
export class AuthorizerQuestion {
  readonly answer: Promise<AuthorizerAnswer>;
  readonly #canceled: AbortController;
  #waiting = 0;

  /** The answer does not reject; aborting `canceled` ends the call. */
  constructor(answer: Promise<AuthorizerAnswer>, canceled: AbortController) {
    this.answer = answer;
    this.#canceled = canceled;
  }

  /** Whether all that waited for the answer have been withdrawn. */
  get isWithdrawn(): boolean {
    return this.#canceled.signal.reason === WITHDRAWN;
  }

  /** Another request waits. */
  join(): void {
    this.#waiting += 1;
  }

  /** A request does not wait any more; the call is canceled with the last one. */
  leave(): void {
    this.#waiting -= 1;
    if (this.#waiting === 0) this.#canceled.abort(WITHDRAWN);
  }
}

/** The wait of one request for the answer to a question, and perhaps to another one after it. */
export class AuthorizerWait {
  #question: AuthorizerQuestion | undefined;
  #isWithdrawn = false;

  /** @throws Error when the request has been withdrawn. */
  async answerTo(question: AuthorizerQuestion): Promise<AuthorizerAnswer> {
    this.#question = question;
    question.join();
    const answer = await question.answer;
    if (this.#isWithdrawn) throw WITHDRAWN;
    return answer;
  }

  withdraw(): void {
    if (this.#isWithdrawn) return;
    this.#isWithdrawn = true;
    this.#question?.leave();
  }
}
