/**
 * OctetBuffer: the growable buffer that a writer uses again for every message.
 *
 * @module
 */

const FIRST_CAPACITY = 64 * 1024;
const KEPT_CAPACITY = 1024 * 1024;

/** Octets that are appended to; `octets` changes whenever `reserve` is called. */
export class OctetBuffer {
  octets: Buffer = Buffer.allocUnsafeSlow(FIRST_CAPACITY);
  /** Numbers of several octets; of the present `octets`. */
  view: DataView = viewOf(this.octets);
  length = 0;

  /** Begins anew; what `take` gave before is overwritten from now on. */
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

  /** Appends octets from `start` up to `end` of another array. */
  append(source: Uint8Array, start: number, end: number): void {
    const count = end - start;
    this.reserve(count);
    const octets = this.octets;
    let at = this.length;
    if (count < 48) {
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

  /** Lengthens by `count` octets, from `at` on, moving what follows; the caller fills the gap. */
  widen(at: number, count: number): void {
    this.reserve(count);
    this.octets.copyWithin(at + count, at, this.length);
    this.length += count;
  }

  /** What was written, borrowed until the next `clear`; a giant buffer is given away with it. */
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
