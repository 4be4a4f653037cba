/**
 * HttpExchange: one request on an accepted socket, from its complete head to the end of its answer.
 *
 * Octets that the client sends before the answer is written wait: they are the next request.
 *
 * @module
 */

import { Cancellation, type CancelSignal } from "#base/cancellation.ts";
import { sentenceOf } from "#base/failure.ts";
import type { Logger } from "#observe/logger.ts";
import type { ConnectionEvents, ConnectionSocket } from "#transport/endpoint/connection.ts";
import { AnswerWriter } from "./answer-writer.ts";
import { FilePart } from "./file-part.ts";
import { type HttpAnswer, printHead, writeShort } from "./http-answer.ts";
import type { ClientRequest } from "./http-request.ts";
import { leavesOpen, type ReadNextRequest, withPipelined } from "./persistent-connection.ts";
import { RequestBody } from "./request-body.ts";

/** Time for a whole body. */
const BODY_TIMEOUT_MS = 30_000;

const NO_OCTETS = Buffer.alloc(0);

const CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n";

/** Answers the requests of one service. */
export interface RequestHandler {
  /** Longest body in octets. */
  readonly maxBodyOctets: number;
  /** Takes a slot for one request, to be released after it; null: all are taken. Absent: any number is taken. */
  takeSlot?(): { release(): void } | null;
  /** The answer that follows from the head alone; null: the body has to be read. */
  answerToHead(request: ClientRequest): HttpAnswer | Promise<HttpAnswer> | null;
  /** The answer to a whole request; `clientGone` gives what is canceled when the client has gone. */
  perform(
    request: ClientRequest,
    body: Uint8Array,
    clientGone: () => CancelSignal,
  ): HttpAnswer | Promise<HttpAnswer>;
  /** The answer to a request in error; `sentence` says what is wrong. */
  refuse(request: ClientRequest, status: number, sentence: string): HttpAnswer;
}

/** A request whose head is complete. */
export interface AcceptedRequest {
  handler: RequestHandler;
  request: ClientRequest;
  socket: ConnectionSocket;
  octetsAfterHead: Uint8Array;
  /** Called after an answer that leaves the connection open. */
  readNextRequest: ReadNextRequest;
  log: Logger;
}

/** The requests that are being answered on one transport. */
export class HttpExchanges {
  readonly #open = new Set<HttpExchange>();
  readonly #onEnd = (exchange: HttpExchange) => void this.#open.delete(exchange);

  /** Begins a request; the result receives the events of the socket from now on. */
  open(accepted: AcceptedRequest): HttpExchange {
    const exchange = new HttpExchange(accepted, this.#onEnd);
    exchange.begin();
    // Most are answered already.
    if (!exchange.isOver) this.#open.add(exchange);
    return exchange;
  }

  /** Answers every open request with 503. */
  close(): void {
    for (const exchange of [...this.#open]) exchange.shutDown();
  }
}

/** One request, and its connection until it is answered. */
export class HttpExchange implements ConnectionEvents {
  readonly #accepted: AcceptedRequest;
  readonly #onEnd: (exchange: HttpExchange) => void;
  /** Null: all was written at once, as most answers are. */
  #writer: AnswerWriter | null = null;
  /** Null: there is none for this request; undefined: requests are not counted. */
  readonly #slot: { release(): void } | null | undefined;
  /** Canceled when the request is answered, or its client has gone; made when it is asked for. */
  #over: Cancellation | null = null;
  #body: RequestBody | null = null;
  #isAnswered = false;
  /** Whether the connection belongs to the next request, or is closed. */
  isOver = false;
  /** Octets that came after the request; null: they are ignored, because the connection closes. */
  #pipelined: Buffer | null = null;
  #announcesClose = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(accepted: AcceptedRequest, onEnd: (exchange: HttpExchange) => void) {
    this.#accepted = accepted;
    this.#onEnd = onEnd;
    this.#slot = accepted.handler.takeSlot?.();
  }

  received(chunk: Uint8Array): void {
    const body = this.#body;
    if (body === null) {
      this.#pipelined &&= withPipelined(this.#pipelined, chunk);
      return;
    }
    const state = body.push(chunk);
    if (state === "incomplete") return;
    this.#body = null;
    clearTimeout(this.#timer);
    if (state !== "complete") {
      this.#refuseBody(state === "malformed");
      return;
    }
    this.#beginPipeline(body.octetsAfterBody);
    this.#perform(body.take());
  }

  drained(): void {
    this.#writer?.drained();
  }

  /** A client that has ended its side may still wait for the answer. */
  ended(): void {
    if (this.#body !== null) this.#refuse(400, "Cannot read the body: it is cut off");
    else if (this.#isAnswered && this.#pipelined === null && this.#isIdle) {
      this.#accepted.socket.end();
    }
  }

  closed(): void {
    this.#isAnswered = true;
    this.#body = null;
    this.#pipelined = null;
    this.#writer?.drop();
    this.#finish();
    this.#end();
  }

  #end(): void {
    this.isOver = true;
    this.#onEnd(this);
  }

  /** The worker shuts down. */
  shutDown(): void {
    this.#pipelined = null;
    this.#refuse(503, "Cannot take the request: the node shuts down");
  }

  /** Answers at once what needs no body. */
  begin(): void {
    const { handler, request, octetsAfterHead } = this.#accepted;
    if (this.#slot === null) {
      this.#refuse(503, "Cannot take the request: too many are waiting");
      return;
    }
    const hasNoBody = request.framing.kind === "length" && request.framing.octets === 0;
    if (hasNoBody) this.#beginPipeline(octetsAfterHead);
    try {
      const answer = handler.answerToHead(request);
      if (answer !== null) this.#answerWhenMade(answer);
      else if (hasNoBody) this.#perform(NO_OCTETS);
      else if (!this.#takeShortBody()) this.#readBody();
    } catch (thrown) {
      this.#failed(thrown);
    }
  }

  /** Takes a body that came whole with the head, as most do; false: it did not. */
  #takeShortBody(): boolean {
    const { handler, request, octetsAfterHead } = this.#accepted;
    const { framing } = request;
    if (framing.kind === "chunked" || framing.octets > octetsAfterHead.length) return false;
    if (framing.octets > handler.maxBodyOctets || request.headers.has("expect")) return false;
    this.#beginPipeline(octetsAfterHead.subarray(framing.octets));
    this.#perform(new Uint8Array(octetsAfterHead.subarray(0, framing.octets)));
    return true;
  }

  #readBody(): void {
    const { handler, request, octetsAfterHead } = this.#accepted;
    const { framing } = request;
    this.#body = new RequestBody(framing, handler.maxBodyOctets);
    this.#timer = setTimeout(() => this.#bodyTimedOut(), BODY_TIMEOUT_MS);
    const fits = framing.kind === "chunked" || framing.octets <= handler.maxBodyOctets;
    const isAwaited = request.headers.get("expect")?.toLowerCase() === "100-continue";
    if (fits && isAwaited && !request.isHttp10) this.#pacedWriter().writeInterim(CONTINUE);
    this.received(octetsAfterHead);
  }

  /** Keeps the octets after the request, where the connection persists after the answer (RFC 9112, section 9.3). */
  #beginPipeline(octets: Uint8Array): void {
    if (leavesOpen(this.#accepted.request)) this.#pipelined = withPipelined(NO_OCTETS, octets);
  }

  #bodyTimedOut(): void {
    const seconds = BODY_TIMEOUT_MS / 1000;
    this.#refuse(408, `Cannot read the body: it did not come within ${seconds} s`);
  }

  #refuseBody(isMalformed: boolean): void {
    const maxOctets = this.#accepted.handler.maxBodyOctets;
    if (isMalformed) this.#refuse(400, "Cannot read the body: its chunks are malformed");
    else this.#refuse(413, `Cannot read the body: it is longer than ${maxOctets} octets`);
  }

  #perform(body: Uint8Array): void {
    const { handler, request } = this.#accepted;
    try {
      this.#answerWhenMade(handler.perform(request, body, () => this.#clientGone()));
    } catch (thrown) {
      this.#failed(thrown);
    }
  }

  #answerWhenMade(answer: HttpAnswer | Promise<HttpAnswer>): void {
    if (answer instanceof Promise) {
      answer.then((one) => this.#answer(one)).catch((thrown) => this.#failed(thrown));
    } else this.#answer(answer);
  }

  #clientGone(): CancelSignal {
    this.#over ??= new Cancellation();
    return this.#over;
  }

  #failed(thrown: unknown): void {
    this.#accepted.log.error("request failed", { error: sentenceOf(thrown) });
    this.#refuse(500, "Something went wrong here");
  }

  #refuse(status: number, sentence: string): void {
    if (this.#isAnswered) return;
    const { handler, request } = this.#accepted;
    this.#answer(handler.refuse(request, status, sentence));
  }

  #answer(answer: HttpAnswer): void {
    const { body } = answer;
    if (this.#isAnswered) {
      if (body instanceof FilePart) body.close();
      return;
    }
    this.#announcesClose = this.#pipelined === null;
    const { method, strictTransport } = this.#accepted.request;
    const head = printHead(answer, this.#announcesClose, strictTransport);
    this.#isAnswered = true;
    this.#body = null;
    this.#finish();
    const isSent = method !== "HEAD";
    if (!isSent && body instanceof FilePart) body.close();
    this.#write(head, isSent ? answer : { body: null });
    this.#continueWhenWritten();
  }

  /** Writes a short answer at once; all others, and what the socket does not take, at the pace of the client. */
  #write(head: string, answer: Pick<HttpAnswer, "body" | "isShared">): void {
    const { socket } = this.#accepted;
    const rest = this.#writer === null ? writeShort(socket, head, answer.body) : undefined;
    if (rest === undefined) this.#pacedWriter().write(head, answer);
    else if (rest !== null) this.#pacedWriter().writeRest(rest, answer);
  }

  #pacedWriter(): AnswerWriter {
    this.#writer ??= new AnswerWriter(this.#accepted.socket, () => this.#continueWhenWritten());
    return this.#writer;
  }

  /** Whether the system has taken everything. */
  get #isIdle(): boolean {
    return this.#writer === null || this.#writer.isIdle;
  }

  /** Releases what the request has taken, but not its connection. */
  #finish(): void {
    clearTimeout(this.#timer);
    this.#slot?.release();
    this.#over?.cancel();
  }

  /** When the socket has taken the whole answer, ends the connection or reads the next request. */
  #continueWhenWritten(): void {
    if (!this.#isAnswered || this.isOver || !this.#isIdle) return;
    const pipelined = this.#pipelined;
    if (pipelined === null || this.#announcesClose) {
      this.#pacedWriter().end();
      return;
    }
    this.#end();
    this.#accepted.readNextRequest(pipelined);
  }
}
