/**
 * OctetBuffer: a growable buffer that is reused for every message.
 *
 * @module
 */

/** A source of at least so many octets is copied natively, a shorter one octet by octet. */
const NATIVE_COPY_OCTETS = 48;
const FIRST_CAPACITY = 64 * 1024;
/** A buffer that has grown beyond this is replaced by a new one. */
const KEPT_CAPACITY = 1024 * 1024;

/** Octets that are appended to; `reserve` may replace `octets` and `view`. */
export class OctetBuffer {
  octets: Buffer = Buffer.allocUnsafeSlow(FIRST_CAPACITY);
  /** The same memory as `octets`, for numbers of several octets. */
  view: DataView = viewOf(this.octets);
  length = 0;

  /** Empties the buffer. What `take` returned before is no longer valid. */
  clear(): void {
    this.length = 0;
    if (this.octets.length > KEPT_CAPACITY) this.#replace(Buffer.allocUnsafeSlow(FIRST_CAPACITY));
  }

  /** Makes room for `count` more octets. */
  reserve(count: number): void {
    const needed = this.length + count;
    if (needed <= this.octets.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.octets.length * 2));
    grown.set(this.octets.subarray(0, this.length));
    this.#replace(grown);
  }

  /** Appends one octet. */
  appendOctet(octet: number): void {
    if (this.length === this.octets.length) this.reserve(1);
    this.octets[this.length++] = octet;
  }

  /** Appends the octets of `source` from `start` up to `end`. */
  append(source: Uint8Array, start: number, end: number): void {
    const count = end - start;
    this.reserve(count);
    const octets = this.octets;
    let at = this.length;
    if (count < NATIVE_COPY_OCTETS) {
      for (let from = start; from < end; from++) octets[at++] = source[from]!;
    } else {
      Buffer.prototype.copy.call(source, octets, at, start, end);
    }
    this.length += count;
  }

  /** Appends the characters of an ASCII string. */
  appendAscii(text: string): void {
    this.reserve(text.length);
    const octets = this.octets;
    let at = this.length;
    for (let index = 0; index < text.length; index++) octets[at++] = text.charCodeAt(index);
    this.length = at;
  }

  /** Inserts `count` octets at `at`, which the caller has to write, and moves the later octets. */
  widen(at: number, count: number): void {
    this.reserve(count);
    this.octets.copyWithin(at + count, at, this.length);
    this.length += count;
  }

  /** The octets so far, valid until the next `clear`. A giant buffer is not kept for later. */
  take(): Buffer {
    const taken = this.octets.subarray(0, this.length);
    if (this.octets.length > KEPT_CAPACITY) this.#replace(Buffer.allocUnsafeSlow(FIRST_CAPACITY));
    this.length = 0;
    return taken;
  }

  #replace(octets: Buffer): void {
    this.octets = octets;
    this.view = viewOf(octets);
  }
}

function viewOf(octets: Buffer): DataView {
  return new DataView(octets.buffer, octets.byteOffset, octets.length);
}
