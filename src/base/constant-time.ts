/**
 * Comparison of secrets in a time that reveals nothing about them.
 *
 * @module
 */

import { timingSafeEqual } from "node:crypto";

/** Whether two secrets are equal; the time does not reveal where, or in what length, they differ. */
export function isEqualSecret(left: string, right: string): boolean {
  const digest = (text: string) => new Bun.CryptoHasher("sha256").update(text).digest();
  return timingSafeEqual(digest(left), digest(right));
}
