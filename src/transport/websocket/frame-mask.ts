/**
 * The masks of frames from a client (RFC 6455, section 5.3).
 *
 * @module
 */

import { giveOctets, takeOctets } from "#base/octet-ownership.ts";

/** From this length on a DataView is faster. */
const LONG_PAYLOAD = 64;

/** Masking keys that were not used yet; made many at a time, because each call of the system takes its time. */
const keys = new Int32Array(256);
let nextKey = keys.length;

/** A masking key that cannot be predicted, as its four octets in one big-endian number. */
export function newMaskingKey(): number {
  if (nextKey === keys.length) {
    crypto.getRandomValues(keys);
    nextKey = 0;
  }
  return keys[nextKey++] as number;
}

/** Holds short payloads while they are masked. */
const shortPayload = Buffer.allocUnsafeSlow(64 * 1024);

/** A masked form of a payload, valid until the next one; a long payload that was given is masked in place. */
export function masked(payload: Uint8Array, key: number): Uint8Array {
  const { length } = payload;
  const isShort = length <= shortPayload.length;
  const octets = isShort ? shortPayload.subarray(0, length) : giveOctets(takeOctets(payload));
  if (isShort) octets.set(payload);
  applyMask(octets, 0, length, key);
  return octets;
}

/** Masks or unmasks octets in place. */
export function applyMask(octets: Uint8Array, start: number, end: number, key: number): void {
  if (key === 0) return;
  let at = start;
  if (end - start >= LONG_PAYLOAD) {
    const view = new DataView(octets.buffer, octets.byteOffset, octets.length);
    for (; at <= end - 4; at += 4) view.setInt32(at, view.getInt32(at) ^ key);
  }
  const [first, second, third, fourth] = [
    key >>> 24,
    (key >>> 16) & 255,
    (key >>> 8) & 255,
    key & 255,
  ];
  for (; at <= end - 4; at += 4) {
    octets[at] = (octets[at] as number) ^ first;
    octets[at + 1] = (octets[at + 1] as number) ^ second;
    octets[at + 2] = (octets[at + 2] as number) ^ third;
    octets[at + 3] = (octets[at + 3] as number) ^ fourth;
  }
  if (at < end) octets[at] = (octets[at++] as number) ^ first;
  if (at < end) octets[at] = (octets[at++] as number) ^ second;
  if (at < end) octets[at] = (octets[at] as number) ^ third;
}
