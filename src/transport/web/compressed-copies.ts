/**
 * CompressedCopies: files that were compressed when a client asked for them, kept for the next one.
 *
 * They are compressed in threads, a few at a time. All copies of a process take bounded memory: those that have
 * not been asked for longest give way.
 *
 * @module
 */

import { promisify } from "node:util";
import { brotliCompress, constants, gzip, zstdCompress } from "node:zlib";
import type { Coding } from "./content-coding.ts";

/** Shorter files are not worth it, longer ones are left to copies that the operator makes. */
const MIN_OCTETS = 1024;
const MAX_OCTETS = 4 * 1024 * 1024;

/** Most octets of all copies. */
const MAX_COPIES_OCTETS = 32 * 1024 * 1024;

/** Most files that are being compressed. */
const MAX_AT_ONCE = 4;

const COMPRESS: Record<Coding, (octets: Uint8Array) => Promise<Uint8Array>> = {
  br: (octets) =>
    promisify(brotliCompress)(octets, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } }),
  zstd: (octets) => promisify(zstdCompress)(octets),
  gzip: (octets) => promisify(gzip)(octets),
};

/** One version of one file. */
export interface CopySource {
  /** Different for every version of every file. */
  key: string;
  size: number;
  /** Whether the next version would have another key. */
  isSettled: boolean;
  /** Gives its octets; null: they are of another version by now. */
  read(): Promise<Uint8Array | null>;
}

/** The copies of one process, or of a test. */
export class CompressedCopies {
  readonly #maxOctets: number;
  /** Null: compressed the file would not be shorter. */
  readonly #copies = new Map<string, Uint8Array | null>();
  readonly #running = new Map<string, Promise<Uint8Array | null>>();
  #octets = 0;

  constructor(maxOctets = MAX_COPIES_OCTETS) {
    this.#maxOctets = maxOctets;
  }

  /** A copy of a file; null: there is none, and the file, which may have changed, is sent as it is. */
  of(source: CopySource, coding: Coding): Promise<Uint8Array | null> | Uint8Array | null {
    if (source.size < MIN_OCTETS || source.size > MAX_OCTETS) return null;
    const key = `${coding} ${source.key}`;
    const known = this.#copies.get(key);
    if (known !== undefined) {
      this.#copies.delete(key);
      this.#copies.set(key, known);
      return known;
    }
    const running = this.#running.get(key);
    if (running !== undefined) return running;
    if (this.#running.size >= MAX_AT_ONCE) return null;
    const copy = this.#compress(source, coding, key).finally(() => this.#running.delete(key));
    this.#running.set(key, copy);
    return copy;
  }

  async #compress(source: CopySource, coding: Coding, key: string): Promise<Uint8Array | null> {
    const octets = await source.read();
    if (octets === null) return null;
    const compressed = await COMPRESS[coding](octets);
    const copy = compressed.length < source.size ? compressed : null;
    if (source.isSettled) this.#keep(key, copy);
    return copy;
  }

  #keep(key: string, copy: Uint8Array | null): void {
    this.#copies.set(key, copy);
    this.#octets += sizeOf(key, copy);
    for (const [oldest, other] of this.#copies) {
      if (this.#octets <= this.#maxOctets) return;
      this.#copies.delete(oldest);
      this.#octets -= sizeOf(oldest, other);
    }
  }
}

/** What a copy takes, its name included, so that those of no octets are bounded too. */
function sizeOf(key: string, copy: Uint8Array | null): number {
  return 2 * key.length + 256 + (copy?.length ?? 0);
}
