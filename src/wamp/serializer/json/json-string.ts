/**
 * What JSON strings stand for: escapes, and WAMP's form of binary.
 *
 * @module
 */

import type { OctetBuffer } from "#wamp/token/octet-buffer.ts";

/** The characters of the escapes of one letter, by that letter. */
const SHORT_ESCAPES = new Map([
  [0x22, 0x22],
  [0x5c, 0x5c],
  [0x2f, 0x2f],
  [0x62, 8],
  [0x66, 12],
  [0x6e, 10],
  [0x72, 13],
  [0x74, 9],
]);

/** The character that a backslash and this letter stand for; undefined when there is none. */
export function shortEscape(letter: number): number | undefined {
  return SHORT_ESCAPES.get(letter);
}

/** The value of a hexadecimal digit; -1 for every other octet. */
export function hexDigit(octet: number): number {
  if (octet >= 0x30 && octet <= 0x39) return octet - 0x30;
  const lower = octet | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

/** Appends a character as UTF-8. */
export function appendCodePoint(out: OctetBuffer, code: number): void {
  out.reserve(4);
  const octets = out.octets;
  let at = out.length;
  if (code < 0x80) {
    octets[at++] = code;
  } else if (code < 0x800) {
    octets[at++] = 0xc0 | (code >> 6);
    octets[at++] = 0x80 | (code & 63);
  } else {
    if (code < 0x10000) {
      octets[at++] = 0xe0 | (code >> 12);
    } else {
      octets[at++] = 0xf0 | (code >> 18);
      octets[at++] = 0x80 | ((code >> 12) & 63);
    }
    octets[at++] = 0x80 | ((code >> 6) & 63);
    octets[at++] = 0x80 | (code & 63);
  }
  out.length = at;
}

/** The binary that NUL and base64 stand for; undefined unless it is padded standard base64. */
export function binaryOf(text: Buffer): Buffer | undefined {
  const octets = Buffer.from(text.toString("latin1", 1), "base64");
  // Buffer ignores characters outside the alphabet, so the text is compared with its own encoding.
  const base64 = Buffer.from(octets.toString("base64"), "latin1");
  return base64.equals(text.subarray(1)) ? octets : undefined;
}
