/**
 * Waiting that can be given up.
 *
 * @module
 */

/**
 * Settles as the promise does, or rejects with the signal's reason as soon as it is aborted. The
 * promise itself goes on; what it comes to is nobody's any more.
 */
export async function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const given = Promise.withResolvers<never>();
  const giveUp = () => given.reject(signal.reason);
  if (signal.aborted) giveUp();
  signal.addEventListener("abort", giveUp);
  try {
    return await Promise.race([promise, given.promise]);
  } finally {
    signal.removeEventListener("abort", giveUp);
  }
}
