/**
 * LoggedSocket: the socket of a connection with an access log; it reads from the octets that are written how each
 * request is answered.
 *
 *     begin               a request has come
 *     101                 logged at once: what follows is another protocol
 *     answered            the answer is complete, and the connection is free for the next request
 *     shutdown, end       the answer is complete, and the last of the connection
 *     terminate, closed   what was sent is all: the answer is cut off, or has not begun
 *
 * So the components that answer know nothing of the log, and each request has one line however it ends. Logging
 * never waits and keeps nothing: a line that the log's reader does not take is lost and counted there.
 *
 * @module
 */

import type { Logger } from "#observe/logger.ts";
import type { ConnectionSocket } from "#transport/endpoint/connection.ts";
import { accessLine, CLIENT_GONE, type LoggedRequest } from "./access-line.ts";

const CARRIAGE_RETURN = 0x0d;
const LINE_FEED = 0x0a;
const DIGIT_0 = 0x30;

/** Where the status stands in the head of an answer: `HTTP/1.1 200 OK`. */
const STATUS_AT = 9;
const STATUS_END = 12;

/** The head of an answer, octet by octet, of which only the status is kept. */
class AnswerHead {
  status = 0;
  #octets = 0;
  /** How many octets of the empty line at its end have come in a row. */
  #matched = 0;

  /** Another head follows. */
  begin(): void {
    this.status = 0;
    this.#octets = 0;
    this.#matched = 0;
  }

  /** Takes an octet; gives whether it is the last one of the head. */
  push(octet: number): boolean {
    if (this.#octets >= STATUS_AT && this.#octets < STATUS_END) {
      this.status = this.status * 10 + octet - DIGIT_0;
    }
    this.#octets += 1;
    if (octet === (this.#matched % 2 === 0 ? CARRIAGE_RETURN : LINE_FEED)) this.#matched += 1;
    else this.#matched = octet === CARRIAGE_RETURN ? 1 : 0;
    return this.#matched === 4;
  }
}

/** A request without a line in the log. */
interface OpenRequest {
  request: LoggedRequest;
  began: number;
  /** Of the answer, or of an interim answer before it. */
  head: AnswerHead;
  /** 0: the head of the answer is not written whole. */
  status: number;
  octets: number;
}

/** Passes everything on to the socket. */
export class LoggedSocket implements ConnectionSocket {
  readonly #socket: ConnectionSocket;
  readonly #log: Logger;
  #open: OpenRequest | null = null;

  constructor(socket: ConnectionSocket, log: Logger) {
    this.#socket = socket;
    this.#log = log;
  }

  get fd(): number | undefined {
    return this.#socket.fd;
  }

  /** A request has come. */
  begin(request: LoggedRequest): void {
    this.#open = {
      request,
      began: performance.now(),
      head: new AnswerHead(),
      status: 0,
      octets: 0,
    };
  }

  /** The answer is written whole, and the connection persists. */
  answered(): void {
    this.#end(true);
  }

  /** The connection is closed. */
  closed(): void {
    this.#end(false);
  }

  write(octets: Uint8Array, offset = 0, length = octets.length - offset): number {
    const written = this.#socket.write(octets, offset, length);
    const open = this.#open;
    if (open === null || written <= 0) return written;
    if (open.status !== 0) open.octets += written;
    else this.#readHead(open, octets, offset, offset + written);
    return written;
  }

  shutdown(): void {
    this.#end(true);
    this.#socket.shutdown();
  }

  end(): void {
    this.#end(true);
    this.#socket.end();
  }

  terminate(): void {
    this.#end(false);
    this.#socket.terminate();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  #readHead(open: OpenRequest, octets: Uint8Array, from: number, to: number): void {
    const { head } = open;
    for (let at = from; at < to; at += 1) {
      if (!head.push(octets[at] as number)) continue;
      const { status } = head;
      head.begin();
      if (status < 200 && status !== 101) continue;
      open.status = status;
      if (status === 101) this.#end(true);
      else open.octets = to - at - 1;
      return;
    }
  }

  #end(isAnswered: boolean): void {
    const open = this.#open;
    if (open === null) return;
    this.#open = null;
    const { request, began, octets } = open;
    const { text, fields } = accessLine(request, {
      status: open.status || CLIENT_GONE,
      octets,
      seconds: (performance.now() - began) / 1000,
      isComplete: isAnswered && open.status !== 0,
    });
    this.#log.info("request answered", fields, text);
  }
}
