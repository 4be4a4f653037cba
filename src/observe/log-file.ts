/**
 * LogFile: the file that the log goes to in place of the streams. All processes of a node write to its end.
 *
 * @module
 */

import { closeSync, openSync, writeSync } from "node:fs";

/** A file that is open for the lines of the log. */
export class LogFile {
  readonly #path: string;
  #descriptor: number;

  /** Opens the file, which is made if there is none, or throws the system's error. */
  constructor(path: string) {
    this.#path = path;
    this.#descriptor = open(path);
  }

  /** Writes octets from a position on; gives the number of those taken, or throws the system's error. */
  write(octets: Uint8Array, from: number): number {
    return writeSync(this.#descriptor, octets, from);
  }

  /** Opens the file of this name again, after another program has renamed it, or throws; then the old one stays. */
  reopen(): void {
    const before = this.#descriptor;
    this.#descriptor = open(this.#path);
    closeSync(before);
  }
}

function open(path: string): number {
  return openSync(path, "a", 0o640);
}
