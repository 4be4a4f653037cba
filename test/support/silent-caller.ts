/** A worker's way to its router, where the router answers when the test says so. */

import type { OpenSubscription, WampAnswer, WampCaller, WampRequest } from "#wamp/wamp-caller.ts";

/** A router that answers no request until the test does. */
export class SilentCaller implements WampCaller {
  readonly asked: WampRequest[] = [];
  readonly #answers: ((answer: WampAnswer) => void)[] = [];
  #wakes: (() => void)[] = [];

  request(request: WampRequest): Promise<WampAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<WampAnswer>();
    request.signal.addEventListener("abort", () => reject(request.signal.reason));
    this.asked.push(request);
    this.#answers.push(resolve);
    for (const wake of this.#wakes.splice(0)) wake();
    return promise;
  }

  subscribe(): Promise<OpenSubscription> {
    return Promise.reject(new Error("nothing is subscribed to"));
  }

  /** Resolves once there were so many requests. */
  async until(count: number): Promise<void> {
    while (this.asked.length < count) {
      await new Promise<void>((resolve) => this.#wakes.push(resolve));
    }
  }

  /** Answers the oldest request that waits. */
  answer(answer: WampAnswer): void {
    this.#answers.shift()?.(answer);
  }
}
