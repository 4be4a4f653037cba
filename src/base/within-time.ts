/**
 * Waiting for a promise for a limited time.
 *
 * @module
 */

/** Waits for a promise, at most for this time; returns whether it was settled. */
export async function withinTime(
  awaited: Promise<unknown>,
  milliseconds: number,
): Promise<boolean> {
  const late = Promise.withResolvers<false>();
  const timer = setTimeout(() => late.resolve(false), Math.max(0, milliseconds));
  try {
    return await Promise.race([awaited.then(() => true), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
