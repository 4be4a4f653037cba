/**
 * HttpAnswer: the answer to one request, the file that its body may be a part of, and how its head is printed.
 *
 * @module
 */

import { closeSync, openSync, readSync } from "node:fs";
import { STATUS_CODES } from "node:http";
import { printedSecond } from "#base/printed-second.ts";

/** An answer. Its body is left out for HEAD. */
export interface HttpAnswer {
  status: number;
  /** All headers but Date, Connection and Content-Length. */
  headers: Readonly<Record<string, string>>;
  /** Null: the status has no body. */
  body: Uint8Array | FilePart | null;
  /** Set where the octets stay in memory anyway, so that the answer holds nothing. */
  isShared?: true;
  /** The headers as `printFields` prints them; set where one answer is sent to many requests. */
  printedFields?: string;
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

/** What the value of a header may contain (RFC 9110, section 5.5). */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/**
 * Prints the head of an answer, in Latin-1; `strictTransport` is the line of that header, or empty.
 *
 * @throws Error when the value of a header would end its line.
 */
export function printHead(
  answer: HttpAnswer,
  announcesClose: boolean,
  strictTransport = "",
): string {
  const { status, body } = answer;
  const length = body === null ? "" : `Content-Length: ${body.length}\r\n`;
  const close = announcesClose ? "Connection: close\r\n" : "";
  const fields = answer.printedFields ?? fieldsOf(answer);
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n${fields}${strictTransport}${dateLine(Date.now())}${length}${close}\r\n`;
}

/**
 * Prints headers, each as a line.
 *
 * @throws Error when a value would end its line.
 */
export function printFields(headers: HttpAnswer["headers"]): string {
  let text = "";
  for (const name in headers) {
    const value = headers[name] as string;
    if (!VALUE.test(value))
      throw new Error(`Cannot send header ${name}: its value has other octets`);
    text += `${name}: ${value}\r\n`;
  }
  return text;
}

function fieldsOf({ headers, body }: HttpAnswer): string {
  try {
    return printFields(headers);
  } catch (thrown) {
    if (body instanceof FilePart) body.close();
    throw thrown;
  }
}

/** The header Date. */
const dateLine = printedSecond((time) => `Date: ${time.toUTCString()}\r\n`);
