/**
 * Utf8Validator: validates text that comes in parts; finds invalid UTF-8 at its first wrong octet.
 *
 * @module
 */

/** Validates one text, part by part (RFC 3629, section 4). */
export class Utf8Validator {
  /** Octets that the present character still lacks. */
  #missing = 0;
  /** The range of the next octet; E0, ED, F0 and F4 narrow it for the second one. */
  #lowest = 0x80;
  #highest = 0xbf;

  /** Whether the last character is complete. */
  get isWhole(): boolean {
    return this.#missing === 0;
  }

  /** Takes the octets from `start` up to `end`; false: the text is not UTF-8. */
  push(octets: Uint8Array, start: number, end: number): boolean {
    for (let at = start; at < end; at++) {
      const octet = octets[at] as number;
      if (this.#missing > 0) {
        if (octet < this.#lowest || octet > this.#highest) return false;
        this.#missing--;
        this.#lowest = 0x80;
        this.#highest = 0xbf;
      } else if (octet >= 0x80 && !this.#begin(octet)) {
        return false;
      }
    }
    return true;
  }

  /** Starts a new text. */
  reset(): void {
    this.#missing = 0;
    this.#lowest = 0x80;
    this.#highest = 0xbf;
  }

  #begin(octet: number): boolean {
    if (octet < 0xc2 || octet > 0xf4) return false;
    if (octet < 0xe0) this.#missing = 1;
    else if (octet < 0xf0) this.#missing = 2;
    else this.#missing = 3;
    // Excludes overlong forms, surrogates, and code points beyond U+10FFFF.
    if (octet === 0xe0) this.#lowest = 0xa0;
    else if (octet === 0xed) this.#highest = 0x9f;
    else if (octet === 0xf0) this.#lowest = 0x90;
    else if (octet === 0xf4) this.#highest = 0x8f;
    return true;
  }
}
