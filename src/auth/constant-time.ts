/**
 * Comparing secrets so that the time it takes says nothing about them.
 *
 * @module
 */

import { timingSafeEqual } from "node:crypto";

/** Whether two secrets are the same; constant time for secrets of any length. */
export function isEqualSecret(left: string, right: string): boolean {
  const digest = (text: string) => new Bun.CryptoHasher("sha256").update(text).digest();
  return timingSafeEqual(digest(left), digest(right));
}
