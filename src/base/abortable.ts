/**
 * Waiting for a promise until a signal is aborted.
 *
 * @module
 */

import type { CancelSignal } from "./cancellation.ts";

/**
 * Settles as the promise does, or rejects with the signal's reason as soon as it is aborted. The
 * promise itself goes on, and its result is ignored.
 */
export async function abortable<T>(promise: Promise<T>, signal: CancelSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = () => aborted.reject(signal.reason);
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort);
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
