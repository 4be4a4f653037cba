/**
 * AnswerWriter: writes answers to one socket at the pace of the client, without copies of long ones.
 *
 * Octets that are in memory are written from where they are; those of a file are read into one buffer for
 * all answers, and read again when the socket did not take them. So a client that does not read costs no
 * memory, except for a body made for it alone; `HeldAnswers` limits those.
 *
 * @module
 */

import { errorCodeOf } from "#base/failure.ts";
import type { ConnectionSocket } from "#transport/endpoint/connection.ts";
import { FilePart } from "./file-part.ts";
import { HeldAnswers } from "./held-answers.ts";
import { type HttpAnswer, writeShort } from "./http-answer.ts";

/** Octets of a file that are read at once. */
const READ_OCTETS = 256 * 1024;

/** Octets that are written in one turn of the event loop, so that other connections get theirs. */
const TURN_OCTETS = 4 * READ_OCTETS;

/** Time in which the socket has to take more of an answer. */
const ANSWER_TIMEOUT_MS = 60_000;

/** Time for a client to close after this side has ended. */
const CLOSE_DEADLINE_MS = 1000;

/** Reused for every read of a file. */
let readBuffer: Uint8Array | undefined;

/** What of an answer the writer needs. */
type AnswerBody = Pick<HttpAnswer, "body" | "isShared">;

/** Writes one answer after the other. */
export class AnswerWriter {
  readonly #socket: ConnectionSocket;
  /** Called when an answer is written whole in a later turn of the event loop. */
  readonly #onWritten: () => void;
  #head: Uint8Array | null = null;
  #body: Uint8Array | FilePart | null = null;
  /** Octets of the head, then of the body, that are written. */
  #at = 0;
  #isDropped = false;
  #next: ReturnType<typeof setImmediate> | undefined;
  /** Disconnects a client that does not read the answer, or does not close after it. */
  #deadline: ReturnType<typeof setTimeout> | undefined;
  #isEnding = false;

  constructor(socket: ConnectionSocket, onWritten: () => void) {
    this.#socket = socket;
    this.#onWritten = onWritten;
  }

  /** Whether the system has taken everything. */
  get isIdle(): boolean {
    return this.#head === null && this.#body === null;
  }

  /** Sends an interim answer (1xx), which is only a head; the writer has to be idle. */
  writeInterim(head: string): void {
    this.write(head, { body: null });
  }

  /** Begins an answer with its head in Latin-1; the writer has to be idle, but for an interim answer. */
  write(head: string, answer: AnswerBody): void {
    const rest = this.isIdle ? writeShort(this.#socket, head, answer.body) : undefined;
    if (rest === null) return;
    if (rest !== undefined) {
      this.writeRest(rest, answer);
      return;
    }
    this.#begin(Buffer.from(head, "latin1"), answer.body);
    this.#awaitClient(answer);
  }

  /** Goes on with a short answer, of which the socket did not take these octets; the writer has to be idle. */
  writeRest(rest: Uint8Array, answer: AnswerBody): void {
    this.#begin(rest, null);
    this.#awaitClient(answer);
  }

  #begin(head: Uint8Array, body: HttpAnswer["body"]): void {
    const isWaiting = this.#head !== null;
    // Behind what is left of an interim answer.
    this.#head = this.#head === null ? head : Buffer.concat([this.#head.subarray(this.#at), head]);
    this.#body = body?.length === 0 ? null : body;
    this.#at = 0;
    if (!isWaiting) this.#advance();
  }

  /** Limits the time and the memory for a client that has not taken all yet. */
  #awaitClient({ body, isShared }: AnswerBody): void {
    if (this.isIdle) return;
    this.#deadline ??= setTimeout(() => this.#socket.terminate(), ANSWER_TIMEOUT_MS);
    if (body instanceof Uint8Array && !isShared) HeldAnswers.add(this.#socket, body);
  }

  /** The socket is writable again. */
  drained(): void {
    if (this.isIdle || this.#next !== undefined) return;
    this.#advance();
    if (this.isIdle) this.#onWritten();
  }

  /** Ends the writing side; a client that does not close within a second is disconnected. */
  end(): void {
    if (this.#isDropped || this.#isEnding) return;
    this.#isEnding = true;
    this.#socket.shutdown();
    // Not terminated: the system may still be sending what it has taken.
    this.#deadline = setTimeout(() => this.#socket.end(), CLOSE_DEADLINE_MS);
  }

  /** The connection is closed: discards everything. */
  drop(): void {
    this.#isDropped = true;
    this.#head = null;
    this.#closeBody();
    this.#stopWaiting();
    clearImmediate(this.#next);
  }

  #advance(): void {
    let budget = TURN_OCTETS;
    this.#deadline?.refresh();
    while (!this.isIdle) {
      if (budget <= 0) {
        this.#continueNextTurn();
        return;
      }
      const written = this.#writeSome();
      if (written === null) return;
      budget -= written;
    }
    this.#stopWaiting();
  }

  /** Null: the socket takes no more at present, or at all. */
  #writeSome(): number | null {
    const source = this.#head ?? this.#body;
    if (source === null) return null;
    const { octets, from, to } = this.#readFrom(source);
    const written = to === from ? -1 : this.#socket.write(octets, from, to - from);
    if (written < 0) {
      this.#abandon();
      return null;
    }
    this.#at += written;
    if (this.#at === source.length) this.#finish(source);
    return written < to - from ? null : written;
  }

  /** The next octets: all that are in memory, or as many of a file as the buffer has room for. */
  #readFrom(source: Uint8Array | FilePart): { octets: Uint8Array; from: number; to: number } {
    if (source instanceof Uint8Array) return { octets: source, from: this.#at, to: source.length };
    readBuffer ??= Buffer.allocUnsafeSlow(READ_OCTETS);
    return { octets: readBuffer, from: 0, to: readInto(readBuffer, source, this.#at) };
  }

  #finish(source: Uint8Array | FilePart): void {
    this.#at = 0;
    if (source === this.#head) this.#head = null;
    else this.#closeBody();
  }

  #closeBody(): void {
    if (this.#body instanceof FilePart) this.#body.close();
    this.#body = null;
  }

  #continueNextTurn(): void {
    this.#next = setImmediate(() => {
      this.#next = undefined;
      this.drained();
    });
  }

  #stopWaiting(): void {
    if (this.#deadline === undefined) return;
    clearTimeout(this.#deadline);
    this.#deadline = undefined;
    HeldAnswers.delete(this.#socket);
  }

  /** The connection takes no more octets, or the file cannot be read as far as announced. */
  #abandon(): void {
    this.drop();
    queueMicrotask(() => this.#socket.terminate());
  }
}

/** Reads octets of a file; gives their number. 0: it has become shorter, or cannot be read any more. */
function readInto(buffer: Uint8Array, part: FilePart, at: number): number {
  try {
    return part.read(buffer, at);
  } catch (thrown) {
    if (errorCodeOf(thrown) === undefined) throw thrown;
    return 0;
  }
}
