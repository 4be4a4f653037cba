/**
 * WAMP ids: integers from 1 to 2^53 (WAMP specification, section "IDs"). A peer may also send 0: Crossbar
 * accepts it from clients, and a router that ends a subscription or a registration sends UNSUBSCRIBED or
 * UNREGISTERED with 0.
 *
 * @module
 */

/** Many at once, because asking for random numbers takes longer than using them. */
const random = new Uint32Array(256);
let used = random.length;

/** A random id of global scope, 1 to 2^53. */
export function randomId(): number {
  if (used === random.length) {
    crypto.getRandomValues(random);
    used = 0;
  }
  const [high, low] = [random[used] as number, random[used + 1] as number];
  used += 2;
  return (high >>> 11) * 2 ** 32 + low + 1;
}

/**
 * Whether a value is an id that a peer may send: 0 is one. Its value counts, so that 1.0 is the id 1: wampy writes
 * ids of 2^32 and more as floats in CBOR and MsgPack.
 */
export function isId(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 2 ** 53;
}
