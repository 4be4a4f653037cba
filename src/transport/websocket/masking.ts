/**
 * The masking of a client's frames (RFC 6455, section 5.3): octet i is combined with octet i modulo 4 of the key.
 *
 * @module
 */

/** From this length on, words are combined. */
const LONG_PAYLOAD = 64;

/** The four octets of the masking key as one big-endian number. */
export function maskAt(octets: Uint8Array, at: number): number {
  return (
    ((octets[at] as number) << 24) |
    ((octets[at + 1] as number) << 16) |
    ((octets[at + 2] as number) << 8) |
    (octets[at + 3] as number)
  );
}

/** The masking key for what follows so many octets. */
export function rotated(key: number, octets: number): number {
  const bits = 8 * (octets & 3);
  // Shift counts are modulo 32, so none needs a case of its own.
  return bits === 0 ? key : (key << bits) | (key >>> (32 - bits));
}

/** Unmasks in place. */
export function unmask(octets: Uint8Array, start: number, end: number, key: number): void {
  if (end - start < LONG_PAYLOAD) {
    unmaskOctets(octets, start, end, key);
    return;
  }
  // A view of words begins at a multiple of four octets of the memory.
  const unaligned = -(octets.byteOffset + start) & 3;
  const wordsAt = start + unaligned;
  const count = (end - wordsAt) >>> 2;
  unmaskOctets(octets, start, wordsAt, key);
  const rest = rotated(key, unaligned);
  unmaskWords(new Int32Array(octets.buffer, octets.byteOffset + wordsAt, count), rest);
  unmaskOctets(octets, wordsAt + 4 * count, end, rest);
}

/** Four words a turn take two thirds of the time. */
function unmaskWords(words: Int32Array, key: number): void {
  const { length } = words;
  const word = littleEndian(key);
  let at = 0;
  for (; at < length - 3; at += 4) {
    words[at] = (words[at] as number) ^ word;
    words[at + 1] = (words[at + 1] as number) ^ word;
    words[at + 2] = (words[at + 2] as number) ^ word;
    words[at + 3] = (words[at + 3] as number) ^ word;
  }
  for (; at < length; at++) words[at] = (words[at] as number) ^ word;
}

/** All processors that Bun runs on are little-endian. */
function littleEndian(key: number): number {
  return (
    ((key & 0xff) << 24) | ((key & 0xff00) << 8) | ((key >>> 8) & 0xff00) | ((key >>> 24) & 0xff)
  );
}

function unmaskOctets(octets: Uint8Array, start: number, end: number, key: number): void {
  const first = key >>> 24;
  const second = (key >>> 16) & 255;
  const third = (key >>> 8) & 255;
  const fourth = key & 255;
  let at = start;
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
