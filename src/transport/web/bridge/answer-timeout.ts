/**
 * requestWithin: calls or publishes for an HTTP request, which waits only so long and may be given up.
 *
 * @module
 */

import { Cancellation, type CancelSignal } from "#base/cancellation.ts";
import { UnrepresentableValue } from "#wamp/token/unrepresentable-value.ts";
import type { WampAnswer, WampCaller, WampRequest } from "#wamp/wamp-caller.ts";

/** The router has not answered in time. */
export class AnswerTimeout extends Error {
  constructor(timeoutMs: number) {
    super(`Cannot wait longer: there is no answer within ${timeoutMs} ms`);
  }
}

/**
 * The answer of the router; null: the request is carried out though its client has gone.
 *
 * @throws AnswerTimeout, and all that `WampCaller.request` throws.
 */
export async function requestWithin(
  timeoutMs: number,
  caller: WampCaller,
  request: Omit<WampRequest, "signal">,
  clientGone: CancelSignal | null,
): Promise<WampAnswer> {
  const unneeded = new Cancellation();
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    unneeded.cancel();
  }, timeoutMs);
  const giveUp = () => unneeded.cancel();
  if (clientGone?.aborted === true) giveUp();
  clientGone?.addEventListener("abort", giveUp);
  try {
    return await caller.request({ ...request, signal: unneeded });
  } catch (thrown) {
    if (isLate && !(thrown instanceof UnrepresentableValue)) throw new AnswerTimeout(timeoutMs);
    throw thrown;
  } finally {
    clearTimeout(timer);
    clientGone?.removeEventListener("abort", giveUp);
  }
}
