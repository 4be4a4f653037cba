/**
 * GrowingOctets: octets that come in pieces of any size, joined.
 *
 * @module
 */

/** Grows to twice as much, so that what comes octet by octet is not copied for each of them. */
export class OctetCollector {
  #room: Buffer = Buffer.alloc(0);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** All that has come. */
  get octets(): Buffer {
    return this.#room.subarray(0, this.#length);
  }

  append(chunk: Uint8Array): void {
    const length = this.#length + chunk.length;
    if (length > this.#room.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(length, 2 * this.#room.length));
      larger.set(this.octets);
      this.#room = larger;
    }
    this.#room.set(chunk, this.#length);
    this.#length = length;
  }
}
