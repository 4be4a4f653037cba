/**
 * Utf8Stream: says of text that comes in parts, as early as can be known, that it is no UTF-8.
 *
 * @module
 */

/** Checks one text, part by part (RFC 3629, section 4). */
export class Utf8Validator {
  /** Octets that the character under way still needs. */
  #needed = 0;
  /** What the next of them may be: E0, ED, F0 and F4 narrow the second octet. */
  #lowest = 0x80;
  #highest = 0xbf;

  /** Whether the text may end here. */
  get isWhole(): boolean {
    return this.#needed === 0;
  }

  /** Takes the octets from `start` up to `end`; false when no text can have them. */
  push(octets: Uint8Array, start: number, end: number): boolean {
    for (let at = start; at < end; at++) {
      const octet = octets[at] as number;
      if (this.#needed > 0) {
        if (octet < this.#lowest || octet > this.#highest) return false;
        this.#needed--;
        this.#lowest = 0x80;
        this.#highest = 0xbf;
      } else if (octet >= 0x80 && !this.#begin(octet)) {
        return false;
      }
    }
    return true;
  }

  /** Begins a new text. */
  reset(): void {
    this.#needed = 0;
    this.#lowest = 0x80;
    this.#highest = 0xbf;
  }

  #begin(octet: number): boolean {
    if (octet < 0xc2 || octet > 0xf4) return false;
    if (octet < 0xe0) this.#needed = 1;
    else if (octet < 0xf0) this.#needed = 2;
    else this.#needed = 3;
    // Longer than needed, a surrogate, or beyond U+10FFFF.
    if (octet === 0xe0) this.#lowest = 0xa0;
    else if (octet === 0xed) this.#highest = 0x9f;
    else if (octet === 0xf0) this.#lowest = 0x90;
    else if (octet === 0xf4) this.#highest = 0x8f;
    return true;
  }
}
