/**
 * WorkerQuestions: the questions that one worker has not answered yet.
 *
 * @module
 */

import type { WorkerAnswer, WorkerQuestion } from "./answer-message.ts";

/** Time for a worker to answer. */
export const ANSWER_DEADLINE_MS = 2_000;

/** Most questions that wait for one worker. */
const MAX_WAITING = 20;

/** The questions to one process. */
export class WorkerQuestions {
  readonly #send: (id: number, question: WorkerQuestion) => void;
  readonly #waiting = new Map<number, (answer: WorkerAnswer | null) => void>();
  #lastId = 0;

  constructor(send: (id: number, question: WorkerQuestion) => void) {
    this.#send = send;
  }

  /** Asks; null: there was no answer in time, or too many questions wait already. */
  ask(question: WorkerQuestion): Promise<WorkerAnswer | null> {
    if (this.#waiting.size >= MAX_WAITING) return Promise.resolve(null);
    const { promise, resolve } = Promise.withResolvers<WorkerAnswer | null>();
    this.#lastId += 1;
    const id = this.#lastId;
    const timer = setTimeout(resolve, ANSWER_DEADLINE_MS, null);
    this.#waiting.set(id, resolve);
    this.#send(id, question);
    return promise.finally(() => {
      clearTimeout(timer);
      this.#waiting.delete(id);
    });
  }

  /** The worker has answered; an answer that is too late has no effect. */
  answered(id: number, answer: WorkerAnswer): void {
    this.#waiting.get(id)?.(answer);
  }

  /** The process has ended. */
  end(): void {
    for (const resolve of this.#waiting.values()) resolve(null);
  }
}
