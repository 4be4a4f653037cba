/**
 * IncomingSends: the `send` requests of one transport, one after the other.
 *
 * A client sends each message in a request of its own, on any connection. They are handled in the order in which
 * they begin, and a body is not read before the messages of the one before are handled: so no more than one is
 * in memory. While the session reads nothing, they wait unanswered, which slows the client down.
 *
 * @module
 */

import type { HttpAnswer } from "#transport/http/http-answer.ts";
import { bodyFaultAnswer, sentenceAnswer } from "./longpoll-answers.ts";
import type { BodyFault, BodyLimits, BodyReceiver, LongPollRequest } from "./longpoll-request.ts";

/** Most requests of one transport that wait for their turn. */
const MAX_WAITING = 1000;

const TOO_MANY = sentenceAnswer(503, "Cannot take the message: too many are waiting");

/** Handles the bodies. */
export interface SendTarget {
  /** The limits of the next body. */
  bodyLimits(): BodyLimits;
  /** Handles the messages of a body; gives the answer. */
  deliver(body: Uint8Array): HttpAnswer;
  /** A body is not taken. */
  refused(fault: BodyFault): void;
}

/** The `send` requests of one transport. */
export class IncomingSends implements BodyReceiver {
  readonly #target: SendTarget;
  readonly #waiting: LongPollRequest[] = [];
  /** The request whose body is read, or whose messages are not all handled. */
  #current: LongPollRequest | null = null;
  #isDelivering = false;
  /** The answer to the current request, which waits until the session reads again. */
  #answer: HttpAnswer | null = null;
  #isPaused = false;
  #isStopped = false;

  constructor(target: SendTarget) {
    this.#target = target;
  }

  /** Whether a request is under way. */
  get isBusy(): boolean {
    return this.#current !== null || this.#waiting.length > 0;
  }

  /** Takes a request, which is answered when its messages are handled. */
  add(request: LongPollRequest): void {
    if (this.#waiting.length >= MAX_WAITING) {
      request.answer(TOO_MANY);
      return;
    }
    request.onEnd = () => this.#gone(request);
    if (this.isBusy || this.#isPaused) request.hold();
    this.#waiting.push(request);
    this.#next();
  }

  /** Hands no further message over. */
  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#settle();
    this.#next();
  }

  /** The session has ended: all requests whose messages are not handled get this answer. */
  stop(answer: HttpAnswer): void {
    this.#isStopped = true;
    for (const request of this.#waiting.splice(0)) request.answer(answer);
    if (this.#answer !== null) this.#settle();
    else if (!this.#isDelivering) this.#current?.answer(answer);
  }

  onBody(_request: LongPollRequest, body: Uint8Array): void {
    this.#isDelivering = true;
    try {
      this.#answer = this.#target.deliver(body);
    } finally {
      this.#isDelivering = false;
    }
    this.#settle();
  }

  onBodyFault(_request: LongPollRequest, fault: BodyFault): void {
    this.#answer = bodyFaultAnswer(fault);
    this.#target.refused(fault);
    this.#settle();
  }

  /** Answers the current request, unless some of its messages wait for the session. */
  #settle(): void {
    const answer = this.#answer;
    if (answer === null || (this.#isPaused && !this.#isStopped)) return;
    const request = this.#current;
    this.#answer = null;
    this.#current = null;
    request?.answer(answer);
    // Not at once, so that many short requests do not nest.
    queueMicrotask(() => this.#next());
  }

  #next(): void {
    if (this.#current !== null || this.#isPaused || this.#isStopped || this.#answer !== null)
      return;
    const request = this.#waiting.shift();
    if (request === undefined) return;
    this.#current = request;
    request.readBody(this.#target.bodyLimits(), this);
  }

  /** The request is over; its client may have gone before its body was whole. */
  #gone(request: LongPollRequest): void {
    const at = this.#waiting.indexOf(request);
    if (at >= 0) this.#waiting.splice(at, 1);
    if (this.#current !== request) return;
    this.#current = null;
    if (this.#answer === null && !this.#isDelivering) queueMicrotask(() => this.#next());
  }
}
