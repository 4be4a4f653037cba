/**
 * HttpAnswer: the answer to one request, and how its head is printed.
 *
 * @module
 */

import { STATUS_CODES } from "node:http";
import { FilePart } from "./file-part.ts";

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
