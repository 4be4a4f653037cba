/**
 * WAMP ids: integers from 1 to 2^53 (WAMP specification, section "IDs"). A peer may also send 0: Crossbar
 * accepts it from clients, and a router that ends a subscription or a registration sends UNSUBSCRIBED or
 * UNREGISTERED with 0.
 *
 * @module
 */

const scratch = new BigUint64Array(1);

/** A random id of global scope, 1 to 2^53. */
export function randomId(): number {
  crypto.getRandomValues(scratch);
  return Number((scratch[0] ?? 0n) >> 11n) + 1;
}

/**
 * Whether a value is an id that a peer may send: 0 is one. Its value counts, so that 1.0 is the id 1: wampy writes
 * ids of 2^32 and more as floats in CBOR and MsgPack.
 */
export function isId(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 2 ** 53;
}
