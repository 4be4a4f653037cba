/**
 * HttpAnswer: the answer to one request, the file that its body may be a part of, and how its head is printed.
 *
 * @module
 */

import { closeSync, openSync, readSync } from "node:fs";
import { STATUS_CODES } from "node:http";

/** An answer. Its body is left out for HEAD. */
export interface HttpAnswer {
  status: number;
  /** All headers but Date, Connection and Content-Length. */
  headers: Readonly<Record<string, string>>;
  /** Null: the status has no body. */
  body: Uint8Array | FilePart | null;
  /** Set where the octets stay in memory anyway, so that the answer holds nothing. */
  isShared?: true;
}

/**
 * The octets of a file from `start` up to, but not including, `end`, which are read again and again instead of
 * being kept in memory.
 */
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

/** What the value of a header may contain (RFC 9110, section 5.5). */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/**
 * Prints the head of an answer, in Latin-1.
 *
 * @throws Error when a value would end its line.
 */
export function printHead({ status, headers, body }: HttpAnswer, announcesClose: boolean): string {
  let text = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n`;
  for (const name in headers) {
    const value = headers[name] as string;
    if (!VALUE.test(value)) {
      if (body instanceof FilePart) body.close();
      throw new Error(`Cannot send header ${name}: its value has other octets`);
    }
    text += `${name}: ${value}\r\n`;
  }
  text += `Date: ${new Date().toUTCString()}\r\n`;
  if (body !== null) text += `Content-Length: ${body.length}\r\n`;
  if (announcesClose) text += "Connection: close\r\n";
  return `${text}\r\n`;
}
