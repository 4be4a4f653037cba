/**
 * requestWithin: calls or publishes for an HTTP request, which waits only so long and may be given up.
 *
 * @module
 */

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
  clientGone: AbortSignal | null,
): Promise<WampAnswer> {
  const timeout = new AbortController();
  // Not AbortSignal.timeout, whose timer would outlive the request.
  const timer = setTimeout(() => timeout.abort(), timeoutMs);
  try {
    const { signal } = timeout;
    const either = clientGone === null ? signal : AbortSignal.any([clientGone, signal]);
    return await caller.request({ ...request, signal: either });
  } catch (thrown) {
    if (timeout.signal.aborted && !(thrown instanceof UnrepresentableValue)) {
      throw new AnswerTimeout(timeoutMs);
    }
    throw thrown;
  } finally {
    clearTimeout(timer);
  }
}
