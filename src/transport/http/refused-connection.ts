/**
 * RefusedConnection: answers a request in raw HTTP with an error status and closes the connection.
 *
 * @module
 */

import { STATUS_CODES } from "node:http";
import type { ConnectionEvents, ConnectionSocket } from "#transport/endpoint/connection.ts";

/** Time for a refused client to read the answer and to close. */
const CLOSE_DEADLINE_MS = 1000;

/** An answer that refuses a request and announces that the connection closes. */
export function refusalOctets(status: number, sentence = ""): Buffer {
  const body = sentence && `${sentence}\n`;
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    ...(body ? ["Content-Type: text/plain; charset=utf-8"] : []),
    `Content-Length: ${Buffer.byteLength(body)}`,
    "Connection: close",
  ];
  return Buffer.from(`${lines.join("\r\n")}\r\n\r\n${body}`);
}

/** Receives the events of a refused connection; later octets are ignored. */
export class RefusedConnection implements ConnectionEvents {
  readonly #socket: ConnectionSocket;
  readonly #deadline: ReturnType<typeof setTimeout>;

  /** Writes the refusal and ends the writing side; the client has a second to close. */
  constructor(socket: ConnectionSocket, status: number, sentence?: string) {
    this.#socket = socket;
    socket.write(refusalOctets(status, sentence));
    socket.shutdown();
    this.#deadline = setTimeout(() => socket.terminate(), CLOSE_DEADLINE_MS);
  }

  received(): void {}

  drained(): void {}

  ended(): void {
    this.#socket.end();
  }

  closed(): void {
    clearTimeout(this.#deadline);
  }
}
