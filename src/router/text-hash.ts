/**
 * Hashes of texts, step by step, so that the hashes of all beginnings of a text cost no more than that of the whole. They
 * differ from process to process: no client can choose texts that have one hash.
 *
 * @module
 */

const [SEED = 0] = crypto.getRandomValues(new Int32Array(1));

/** The hash of the empty text. */
export const EMPTY_HASH = SEED;

/** The hash of a text and one more UTF-16 unit. */
export function hashWith(hash: number, unit: number): number {
  const mixed = Math.imul(hash ^ unit, 0x9e3779b1);
  return mixed ^ (mixed >>> 15);
}

/** An integer of 32 bits, each of which depends on all bits of two others. */
export function scramble(a: number, b: number): number {
  let mixed = Math.imul(a ^ SEED, 0x85ebca6b) ^ b;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
  return mixed ^ (mixed >>> 15);
}
