/**
 * Runs of octets that JSON strings hold without escapes, found four octets at a time.
 *
 * @module
 */

/** Up to this length a DataView costs more than it saves. */
const SHORT_RUN = 64;

/**
 * The end of the run that begins at `start`: the index of the first quote, backslash or control
 * character, or `end` when there is none.
 */
export function unescapedRunEnd(octets: Uint8Array, start: number, end: number): number {
  let at = start;
  if (end - start > SHORT_RUN) at = skipUnescapedWords(octets, start, end);
  while (at < end) {
    const octet = octets[at] as number;
    if (octet < 0x20 || octet === 0x22 || octet === 0x5c) return at;
    at++;
  }
  return end;
}

function skipUnescapedWords(octets: Uint8Array, start: number, end: number): number {
  const view = new DataView(octets.buffer, octets.byteOffset, octets.length);
  const last = end - 4;
  let at = start;
  for (; at <= last; at += 4) {
    const word = view.getInt32(at);
    const quotes = word ^ 0x22222222;
    const backslashes = word ^ 0x5c5c5c5c;
    // The highest bit of an octet is set where the subtraction of this octet borrows. Borrows reach
    // only octets further left, so the first hit may be too early, never too late.
    const found =
      ((word - 0x20202020) & ~word) |
      ((quotes - 0x01010101) & ~quotes) |
      ((backslashes - 0x01010101) & ~backslashes);
    if ((found & 0x80808080) !== 0) break;
  }
  return at;
}
