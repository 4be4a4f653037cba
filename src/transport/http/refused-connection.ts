/**
 * RefusedConnection: a connection whose request no server will see, answered in raw HTTP and closed.
 *
 * @module
 */

import { STATUS_CODES } from "node:http";
import type { ConnectionEvents, ConnectionSocket } from "#transport/endpoint/connection.ts";

/** A refused client has this long to read the answer and to close. */
const CLOSE_DEADLINE_MS = 1000;

/** The answer that refuses a request; the connection closes behind it. */
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

/** Takes the events of a connection that has been refused; what still comes in is not read. */
export class RefusedConnection implements ConnectionEvents {
  readonly #socket: ConnectionSocket;
  readonly #deadline: ReturnType<typeof setTimeout>;

  /** Writes the refusal and ends the writing side; the client has a second to close. */
  constructor(socket: ConnectionSocket, refusal: Uint8Array) {
    this.#socket = socket;
    socket.write(refusal);
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
