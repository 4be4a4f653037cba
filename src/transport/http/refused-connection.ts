/**
 * RefusedConnection: answers a request with an error status and closes the connection.
 *
 * @module
 */

import type { ConnectionEvents, ConnectionSocket } from "#transport/endpoint/connection.ts";
import { AnswerWriter } from "./answer-writer.ts";
import { printHead } from "./http-answer.ts";
import { TEXT_HEADERS } from "./page-headers.ts";

/** Receives the events of a refused connection; later octets are ignored. */
export class RefusedConnection implements ConnectionEvents {
  readonly #socket: ConnectionSocket;
  readonly #writer: AnswerWriter;

  /** Writes the refusal and ends the writing side; the client has a second to close. */
  constructor(
    socket: ConnectionSocket,
    status: number,
    { sentence = "", strictTransport = "" } = {},
  ) {
    this.#socket = socket;
    this.#writer = new AnswerWriter(socket, () => this.#writer.end());
    const body = Buffer.from(sentence && `${sentence}\n`);
    const answer = { status, headers: sentence === "" ? {} : TEXT_HEADERS, body };
    this.#writer.write(printHead(answer, true, strictTransport), answer);
    if (this.#writer.isIdle) this.#writer.end();
  }

  received(): void {}

  drained(): void {
    this.#writer.drained();
  }

  ended(): void {
    if (this.#writer.isIdle) this.#socket.end();
  }

  closed(): void {
    this.#writer.drop();
  }
}
