/**
 * HttpAnswer: the answer to one request: the whole of some content mostly, how its head is printed, and how a short one
 * is written.
 *
 * @module
 */

import { STATUS_CODES } from "node:http";
import { printedSecond } from "#base/printed-second.ts";
import type { ConnectionSocket } from "#transport/endpoint/connection.ts";
import { FilePart } from "./file-part.ts";
import type { ReadableFields } from "./header-fields.ts";

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

/** Content that can be sent whole or in part, or not at all when the client has it already. */
export interface Representation {
  size: number;
  /** Strong entity tag, with its quotes. */
  etag: string;
  lastModified?: Date;
  /** Content-Type and other headers of the content. */
  headers: Record<string, string>;
  /** The octets from `start` up to, but not including, `end`. */
  slice(start: number, end: number): FilePart | Uint8Array;
  /** Set where slices are views of octets that stay in memory. */
  isShared?: true;
  /** The answer with all of it, where that is kept. */
  whole?: HttpAnswer;
}

/** What makes an answer depend on more than the content. */
const CONDITIONS = [
  "if-none-match",
  "if-modified-since",
  "if-match",
  "if-unmodified-since",
  "range",
] as const;

/**
 * The answer to a GET or HEAD with all of the content; null: the request has a condition or asks for a range, and
 * conditional-request.ts answers it.
 */
export function wholeAnswer(
  content: Representation,
  { headers }: { headers: ReadableFields },
): HttpAnswer | null {
  for (const name of CONDITIONS) if (headers.has(name)) return null;
  return content.whole ?? answerWhole(content);
}

/** The answer with all of the content. */
export function answerWhole(content: Representation): HttpAnswer {
  const body = content.slice(0, content.size);
  const isShared = content.isShared && { isShared: content.isShared };
  return { status: 200, headers: headersOf(content), body, ...isShared };
}

/** The headers of the answer with all of the content. */
export function headersOf({ headers, etag, lastModified }: Representation): Record<string, string> {
  const { "Content-Type": type, "Content-Encoding": encoding, ...others } = headers;
  return {
    ...others,
    ETag: etag,
    "Accept-Ranges": "bytes",
    "X-Content-Type-Options": "nosniff",
    ...(lastModified && { "Last-Modified": lastModified.toUTCString() }),
    ...(encoding !== undefined && { "Content-Encoding": encoding }),
    ...(type !== undefined && { "Content-Type": type }),
  };
}

/** Content whose octets are in memory, with the answer that most requests get. */
export function withWholeAnswer(content: Representation): Representation {
  const whole = answerWhole(content);
  return { ...content, whole: { ...whole, printedFields: printFields(whole.headers) } };
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

/** Up to this length a head and its body go into one write. */
const SHORT_OCTETS = 16 * 1024;

/** Reused for every short answer, because its octets are written at once. */
const joined = Buffer.allocUnsafeSlow(SHORT_OCTETS);

/**
 * Writes a short answer, whose head is in Latin-1. Gives what the socket did not take, which is a copy; null: nothing.
 * Undefined: the answer is not short, and nothing is written.
 */
export function writeShort(
  socket: ConnectionSocket,
  head: string,
  body: HttpAnswer["body"],
): Uint8Array | null | undefined {
  const length = head.length + (body?.length ?? 0);
  if (length > SHORT_OCTETS || !(body === null || body instanceof Uint8Array)) return undefined;
  joined.latin1Write(head, 0);
  if (body !== null) joined.set(body, head.length);
  const written = socket.write(joined, 0, length);
  return written === length ? null : Buffer.from(joined.subarray(Math.max(written, 0), length));
}
