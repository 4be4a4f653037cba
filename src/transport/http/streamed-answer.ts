/**
 * StreamedAnswer: the answer to one request that is sent while it is made, at the pace of the client.
 *
 * What waits for a slow client is bounded by its maker, which pauses until the client has taken it.
 *
 * @module
 */

import type { ConnectionSocket } from "#transport/endpoint/connection.ts";
import { type DrainObserver, SocketWriter } from "#transport/endpoint/socket-writer.ts";
import { LAST_CHUNK, sendChunk } from "./chunk.ts";
import { FilePart } from "./file-part.ts";
import { type HttpAnswer, printHead } from "./http-answer.ts";
import type { ClientRequest } from "./http-request.ts";
import { leavesOpen, type ReadNextRequest, withPipelined } from "./persistent-connection.ts";

/** With more octets waiting for the client, `write` answers false. */
const MAX_WAITING_OCTETS = 64 * 1024;

/** Time in which the client has to take more of an answer. */
const STALL_MS = 60_000;

const NO_OCTETS = Buffer.alloc(0);

/** How a client finds the end of an answer; `none`: it has no body, or is no answer but a stream of octets. */
export type StreamFraming = "length" | "chunked" | "close" | "none";

/** What a streamed answer needs. */
export interface StreamedAnswerOptions {
  socket: ConnectionSocket;
  request: ClientRequest;
  readNextRequest: ReadNextRequest;
  /** `write` has answered false, and the client has taken enough since. */
  onDrained: () => void;
  /** Milliseconds in which the client has to take something, 0: any time; absent: a minute. */
  stallTimeoutMs?: number;
  /** What may wait for all clients of the process; absent: the maker pauses instead. */
  maxOutgoing?: number;
  /** So many octets wait, for this client or for all, that its connection is cut off. */
  onOverflow?: (waiting: number) => void;
}

/** One answer, and what the client sends behind its request. */
export class StreamedAnswer implements DrainObserver {
  readonly #socket: ConnectionSocket;
  readonly #writer: SocketWriter;
  readonly #readNextRequest: ReadNextRequest;
  readonly #onDrained: () => void;
  readonly #onOverflow: ((waiting: number) => void) | undefined;
  readonly #stallTimeoutMs: number;
  // Not the request, which would take memory for as long as the answer goes on.
  readonly #isHttp10: boolean;
  readonly #isHead: boolean;
  readonly #leavesOpen: boolean;
  readonly #strictTransport: string;
  /** Octets that came after the request; null: it is not read whole, or the connection closes. */
  #pipelined: Buffer | null = null;
  #framing: StreamFraming = "none";
  #announcesClose = false;
  #state: "waiting" | "begun" | "finished" | "handed over" | "closed" = "waiting";
  #stall: ReturnType<typeof setTimeout> | undefined;

  constructor(options: StreamedAnswerOptions) {
    const { socket, request, readNextRequest, onDrained, maxOutgoing } = options;
    this.#socket = socket;
    this.#readNextRequest = readNextRequest;
    this.#onDrained = onDrained;
    this.#onOverflow = options.onOverflow;
    this.#stallTimeoutMs = options.stallTimeoutMs ?? STALL_MS;
    this.#isHttp10 = request.isHttp10;
    this.#strictTransport = request.strictTransport;
    this.#isHead = request.method === "HEAD";
    this.#leavesOpen = leavesOpen(request);
    this.#writer = new SocketWriter(socket, MAX_WAITING_OCTETS, this, maxOutgoing);
  }

  /** Whether the head of the answer is written. */
  get hasBegun(): boolean {
    return this.#state !== "waiting";
  }

  /** Octets that wait for the client. */
  get waitingOctets(): number {
    return this.#writer.bufferedOctets;
  }

  /** Whether the answer is complete, or its connection closed. */
  get isOver(): boolean {
    return this.#state !== "waiting" && this.#state !== "begun";
  }

  /** The request is read whole; the octets after it are the next request, where the connection persists. */
  endRequest(octets: Uint8Array): void {
    if (this.#leavesOpen) this.#pipelined = withPipelined(NO_OCTETS, octets);
  }

  /** Keeps octets after the request. */
  received(chunk: Uint8Array): void {
    this.#pipelined &&= withPipelined(this.#pipelined, chunk);
  }

  /** Sends an interim answer (1xx), which HTTP/1.0 does not have. */
  writeInterim(head: string): void {
    if (!this.#isHttp10) this.#put(Buffer.from(head, "latin1"));
  }

  /** Begins an answer: its status line and fields, without those for the connection, and its length. */
  begin(lines: readonly string[], framing: StreamFraming): void {
    this.#framing = framing === "chunked" && this.#isHttp10 ? "close" : framing;
    this.#announcesClose = this.#pipelined === null || this.#framing === "close";
    if (this.#announcesClose) this.#pipelined = null;
    this.#state = "begun";
    const own = [
      ...(this.#framing === "chunked" ? ["Transfer-Encoding: chunked"] : []),
      ...(this.#announcesClose ? ["Connection: close"] : []),
    ];
    const strict = this.#strictTransport;
    // One such field at most (RFC 6797, section 6.1): an upstream server may have sent its own.
    const others = strict === "" ? lines : lines.filter((line) => !isStrictTransport(line));
    this.#put(Buffer.from(`${[...others, ...own].join("\r\n")}\r\n${strict}\r\n`, "latin1"));
  }

  /** Answers with 101 and these fields: what follows are the octets of another protocol, both ways. */
  switchProtocols(lines: readonly string[]): void {
    this.#state = "begun";
    this.#pipelined = null;
    this.#put(Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"));
  }

  /** Sends octets of the body, which are borrowed. False: too many wait; `onDrained` follows. */
  write(octets: Uint8Array): boolean {
    if (this.#framing !== "chunked") return this.#put(octets);
    return sendChunk(octets, (part) => this.#put(part));
  }

  /** The answer is complete. */
  finish(): void {
    if (this.#state !== "begun") return;
    if (this.#framing === "chunked") this.#writer.write(LAST_CHUNK);
    this.#state = "finished";
    this.#continueWhenWritten();
  }

  /** Answers with a page; only before `begin`. */
  answer(answer: HttpAnswer): void {
    const { body } = answer;
    if (body instanceof FilePart) throw new Error("Cannot stream a file as a page");
    this.#announcesClose = this.#pipelined === null;
    this.#state = "begun";
    this.#framing = "length";
    this.#put(
      Buffer.from(printHead(answer, this.#announcesClose, this.#strictTransport), "latin1"),
    );
    if (body !== null && !this.#isHead) this.#put(body);
    this.finish();
  }

  /** Cuts an answer off, so that the client sees that it is not complete. */
  cut(): void {
    if (this.#state !== "closed") this.#socket.terminate();
  }

  /** Ends the writing side, after what waits. */
  end(): void {
    this.#writer.end();
  }

  /** Disconnects the client if it takes nothing of what waits now for so long as it may. */
  watchStall(): void {
    if (this.#stall === undefined) this.#watchStall();
  }

  drained(): void {
    this.#writer.drained();
    this.#watchStall();
    if (this.#state === "finished") this.#continueWhenWritten();
  }

  onQueueDrained(): void {
    this.#onDrained();
  }

  onQueueOverflow(waiting: number): void {
    this.#onOverflow?.(waiting);
  }

  /** The client sends nothing more. */
  ended(): void {
    if (this.#state === "finished" && this.#writer.bufferedOctets === 0) {
      this.#socket.end();
    }
  }

  /** The connection is closed. */
  closed(): void {
    this.#state = "closed";
    this.#pipelined = null;
    clearTimeout(this.#stall);
    this.#writer.drop();
  }

  #put(octets: Uint8Array): boolean {
    const isTaken = this.#writer.write(octets);
    if (!isTaken) this.watchStall();
    return isTaken;
  }

  /** The same, from now on. */
  #watchStall(): void {
    clearTimeout(this.#stall);
    this.#stall = undefined;
    if (this.#writer.bufferedOctets === 0 || this.#stallTimeoutMs === 0) return;
    this.#stall = setTimeout(() => this.#socket.terminate(), this.#stallTimeoutMs);
  }

  /** When the system has taken the whole answer, ends the connection or reads the next request. */
  #continueWhenWritten(): void {
    this.#writer.flush();
    this.#watchStall();
    if (this.#state !== "finished" || this.#writer.bufferedOctets > 0) return;
    const pipelined = this.#pipelined;
    if (pipelined === null || this.#announcesClose) {
      this.#writer.end();
      return;
    }
    this.#state = "handed over";
    this.#writer.drop();
    this.#readNextRequest(pipelined);
  }
}

function isStrictTransport(line: string): boolean {
  return /^strict-transport-security:/i.test(line);
}
