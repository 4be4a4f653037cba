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
/** Views of fewer octets are made once: a view takes as long to make as many octets to copy. */
const SHORT_VIEW_OCTETS = 512;
/** The least numbers of one digit more than their index. */
const POWERS = Array.from({ length: 16 }, (_, digits) => 10 ** digits);

/** Octets that are appended to; `reserve` may replace `octets` and `view`. */
export class OctetBuffer {
  octets: Buffer = Buffer.allocUnsafeSlow(FIRST_CAPACITY);
  /** The same memory as `octets`, for numbers of several octets. */
  view: DataView = viewOf(this.octets);
  length = 0;
  /** The first octets, by their number. */
  #views: (Buffer | undefined)[] = [];

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

  /** Appends the decimal digits of an integer from 0 to 2^53. */
  appendDigits(value: number): void {
    let count = 1;
    while (count < POWERS.length && value >= (POWERS[count] as number)) count++;
    this.reserve(count);
    const octets = this.octets;
    const start = this.length;
    let at = start + count;
    this.length = at;
    let rest = value;
    // Numbers of up to 31 bits are divided faster.
    while (at - start > 8) {
      const high = Math.floor(rest / 1e8);
      let low = rest - high * 1e8;
      for (const end = at - 8; at > end; low = (low / 10) | 0) octets[--at] = 0x30 + (low % 10);
      rest = high;
    }
    for (let low = rest | 0; at > start; low = (low / 10) | 0) octets[--at] = 0x30 + (low % 10);
  }

  /** Inserts `count` octets at `at`, which the caller has to write, and moves the later octets. */
  widen(at: number, count: number): void {
    this.reserve(count);
    this.octets.copyWithin(at + count, at, this.length);
    this.length += count;
  }

  /** The octets so far, valid until the next `clear`. A giant buffer is not kept for later. */
  take(): Buffer {
    const taken = this.#firstOctets(this.length);
    if (this.octets.length > KEPT_CAPACITY) this.#replace(Buffer.allocUnsafeSlow(FIRST_CAPACITY));
    this.length = 0;
    return taken;
  }

  #firstOctets(count: number): Buffer {
    if (count >= SHORT_VIEW_OCTETS) return this.octets.subarray(0, count);
    const known = this.#views[count];
    if (known !== undefined) return known;
    const view = this.octets.subarray(0, count);
    this.#views[count] = view;
    return view;
  }

  #replace(octets: Buffer): void {
    this.octets = octets;
    this.view = viewOf(octets);
    this.#views = [];
  }
}

function viewOf(octets: Buffer): DataView {
  return new DataView(octets.buffer, octets.byteOffset, octets.length);
}
