/**
 * FilePart: a part of an open file, read again and again instead of being kept in memory.
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

  /** Closes the file; a second call has no effect. */
  close(): void {
    if (this.#descriptor !== null) closeSync(this.#descriptor);
    this.#descriptor = null;
  }
}
