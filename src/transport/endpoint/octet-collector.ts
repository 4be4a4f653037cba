/**
 * OctetCollector: joins chunks of any size.
 *
 * @module
 */

const NO_OCTETS: Buffer = Buffer.alloc(0);

/** Doubles its capacity when it is full, so that single octets do not each cost a copy. */
export class OctetCollector {
  #buffer = NO_OCTETS;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** All octets so far. */
  get octets(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  /** Appends octets from `start` up to `end`; gives true, as a collector does that is never full. */
  append(chunk: Uint8Array, start = 0, end = chunk.length): boolean {
    const length = this.#length + end - start;
    if (length > this.#buffer.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(length, 2 * this.#buffer.length));
      larger.set(this.octets);
      this.#buffer = larger;
    }
    const isWhole = end - start === chunk.length;
    this.#buffer.set(isWhole ? chunk : chunk.subarray(start, end), this.#length);
    this.#length = length;
    return true;
  }

  /** Gives all octets, and forgets them. */
  take(): Buffer {
    const { octets } = this;
    this.drop();
    return octets;
  }

  /** Forgets all octets. */
  drop(): void {
    this.#buffer = NO_OCTETS;
    this.#length = 0;
  }
}
