/**
 * FilePart: a part of a file as the body of an answer, which is read again and again instead of being kept in memory.
 *
 * @module
 */

import { closeSync, openSync, readSync } from "node:fs";

/** The octets of a file from `start` up to, but not including, `end`. */
export class FilePart {
  /** Number of octets. */
  readonly length: number;
  readonly #start: number;
  #descriptor: number | null;

  /** @throws the system's error when the file cannot be opened. */
  constructor(file: string, start: number, end: number) {
    this.length = end - start;
    this.#start = start;
    this.#descriptor = openSync(file, "r");
  }

  /**
   * Reads octets from position `at` of the part into the buffer; gives their number. 0: the file has
   * become shorter.
   *
   * Synchronous, because the buffer is shared by all answers and a read comes from the page cache mostly.
   */
  read(buffer: Uint8Array, at: number): number {
    if (this.#descriptor === null) return 0;
    const wanted = Math.min(buffer.length, this.length - at);
    return readSync(this.#descriptor, buffer, 0, wanted, this.#start + at);
  }

  /**
   * Reads all of it into memory, and closes the file.
   *
   * @throws Error when the file has become shorter, or cannot be read.
   */
  take(): Uint8Array {
    // Not of Buffer's pool, which they would keep in memory with them.
    const octets = Buffer.allocUnsafeSlow(this.length);
    try {
      for (let at = 0; at < octets.length; ) {
        const read = this.read(octets.subarray(at), at);
        if (read === 0) throw new Error("Cannot read a part of a file: it has become shorter");
        at += read;
      }
      return octets;
    } finally {
      this.close();
    }
  }

  /** Closes the file; a second call has no effect. */
  close(): void {
    if (this.#descriptor !== null) closeSync(this.#descriptor);
    this.#descriptor = null;
  }
}
