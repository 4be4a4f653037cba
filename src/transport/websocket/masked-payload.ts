/**
 * The payloads of the frames that are sent to a router, of which this side is the client (RFC 6455, section 5.3).
 *
 * @module
 */

import { giveOctets, takeOctets } from "#base/octet-ownership.ts";
import { unmask } from "./masking.ts";

/** Masking keys that were not used yet; made many at a time, because each call of the system takes its time. */
const keys = new Int32Array(256);
let nextKey = keys.length;

/** Holds short payloads while they are masked. */
const shortPayload = Buffer.allocUnsafeSlow(64 * 1024);

/** A masking key that cannot be predicted, as its four octets in one big-endian number. */
export function newMaskingKey(): number {
  if (nextKey === keys.length) {
    crypto.getRandomValues(keys);
    nextKey = 0;
  }
  return keys[nextKey++] as number;
}

/** A masked form of a payload, valid until the next one; a long payload that was given is masked in place. */
export function masked(payload: Uint8Array, key: number): Uint8Array {
  const { length } = payload;
  const isShort = length <= shortPayload.length;
  const octets = isShort ? shortPayload.subarray(0, length) : giveOctets(takeOctets(payload));
  if (isShort) octets.set(payload);
  maskInPlace(octets, key);
  return octets;
}

/** Masks a payload, which changes it. */
export function maskInPlace(payload: Uint8Array, key: number): void {
  // To mask what is masked is to unmask it.
  unmask(payload, 0, payload.length, key);
}
