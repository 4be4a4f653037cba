/**
 * LongPollRequest: one request for a long-poll path, from its head to the end of its answer.
 *
 *     held       its body is not read yet: an earlier request of the transport comes first
 *     reading    its body comes
 *     read       it waits for its answer
 *     answered   the answer is written, and may wait for the client
 *     over       the system has taken the answer, or the client has gone
 *
 * @module
 */

import type { ConnectionEvents, ConnectionSocket } from "#transport/endpoint/connection.ts";
import { MessageCollector } from "#transport/endpoint/message-collector.ts";
import { MessageDeadline } from "#transport/endpoint/message-deadline.ts";
import type { HttpAnswer } from "#transport/http/http-answer.ts";
import type { BodyFraming } from "#transport/http/http-request.ts";
import { type BodyState, RequestBody } from "#transport/http/request-body.ts";
import { StreamedAnswer } from "#transport/http/streamed-answer.ts";
import type { StreamedRequest } from "#transport/web/streaming-service.ts";

const CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n";

const NO_OCTETS = Buffer.alloc(0);

/** Bodies are read without a pause. */
const CLOCK = {
  isPaused: false,
  get readingMs() {
    return performance.now();
  },
};

/** Why a body is not taken. */
export type BodyFault = Exclude<BodyState, "complete" | "incomplete"> | "cut off" | "late";

/** How much a body may take. */
export interface BodyLimits {
  /** Its longest. */
  maxOctets: number;
  /** What the incomplete messages of all clients of the worker may take when it grows. */
  maxIncomplete: number;
}

/** Takes the body of a request. */
export interface BodyReceiver {
  /** The whole body, which is borrowed, but may be taken. */
  onBody(request: LongPollRequest, body: Uint8Array): void;
  /** The request is to be answered in spite of it. */
  onBodyFault(request: LongPollRequest, fault: BodyFault): void;
}

/** What all requests of one path have in common. */
export interface RequestOptions {
  /** Fields of every answer. */
  headers: Readonly<Record<string, string>>;
  /** Milliseconds in which the client has to take something of an answer; 0: any time. */
  stallTimeoutMs: number;
  /** What may wait for all clients of the worker. */
  maxOutgoing: number;
  /** Milliseconds for the body; 0: any time. */
  bodyTimeoutMs: number;
  /** Called once, when the request is over. */
  onOver: (request: LongPollRequest) => void;
}

/** One request. */
export class LongPollRequest implements ConnectionEvents {
  readonly #socket: ConnectionSocket;
  // Not the request, which would take memory for as long as the client waits.
  readonly #framing: BodyFraming;
  readonly #awaitsContinue: boolean;
  readonly #options: RequestOptions;
  readonly #answer: StreamedAnswer;
  #state: "held" | "reading" | "read" | "answered" | "over" = "held";
  /** What has come of a body that is not read yet. */
  #held: Buffer = NO_OCTETS;
  #isPaused = false;
  #body: RequestBody | null = null;
  #receiver: BodyReceiver | null = null;
  #deadline: MessageDeadline | null = null;
  #hasEnded = false;
  /** Whether the end of the client's side is its end: nothing is sent to it any more. */
  #endsWithClient = false;
  readonly #confirm: StreamedRequest["confirm"];
  /** Called once: whether the system of the client has taken the whole answer. */
  onEnd: ((isWhole: boolean) => void) | null = null;

  constructor(streamed: StreamedRequest, options: RequestOptions) {
    const { socket, request, readNextRequest, octetsAfterHead } = streamed;
    this.#socket = socket;
    this.#confirm = streamed.confirm;
    this.#framing = request.framing;
    this.#awaitsContinue = request.headers.get("expect")?.toLowerCase() === "100-continue";
    this.#options = options;
    this.#answer = new StreamedAnswer({
      socket,
      request,
      readNextRequest,
      onDrained: () => {},
      stallTimeoutMs: options.stallTimeoutMs,
      maxOutgoing: options.maxOutgoing,
    });
    if (this.#hasBody) this.#held = Buffer.from(octetsAfterHead);
    else this.#answer.endRequest(octetsAfterHead);
  }

  /** Octets of the answer that wait for the client. */
  get waitingOctets(): number {
    return this.#answer.waitingOctets;
  }

  get #hasBody(): boolean {
    return this.#framing.kind === "chunked" || this.#framing.octets > 0;
  }

  /** Does not read the body before `readBody`. */
  hold(): void {
    if (!this.#hasBody || this.#state !== "held") return;
    this.#isPaused = true;
    this.#socket.pause();
  }

  /** Reads the body; the receiver is called at once where it has come already. */
  readBody({ maxOctets, maxIncomplete }: BodyLimits, receiver: BodyReceiver): void {
    if (this.#state !== "held") return;
    if (!this.#hasBody) {
      this.#state = "read";
      receiver.onBody(this, NO_OCTETS);
      return;
    }
    this.#state = "reading";
    this.#receiver = receiver;
    // Counted among the incomplete messages of the worker while it comes.
    const body = new RequestBody(this.#framing, maxOctets, new MessageCollector(maxIncomplete));
    this.#body = body;
    const held = this.#held;
    this.#held = NO_OCTETS;
    this.#take(body, held);
    if (this.#state !== "reading") return;
    if (this.#awaitsContinue) this.#answer.writeInterim(CONTINUE);
    if (this.#hasEnded) this.#fail("cut off");
    else this.#resume();
  }

  /** From now on a client that ends its side has gone. */
  endWithClient(): void {
    this.#endsWithClient = true;
  }

  /** Answers; a second answer has no effect. */
  answer({ status, headers, body }: HttpAnswer): void {
    if (this.#state === "answered" || this.#state === "over") return;
    this.#dropBody();
    this.#state = "answered";
    this.#resume();
    const all = { ...this.#options.headers, ...headers };
    this.#answer.answer({ status, headers: all, body });
    this.#noteWritten();
  }

  received(chunk: Uint8Array): void {
    if (this.#body !== null) this.#take(this.#body, chunk);
    else if (this.#state === "held") this.#held = Buffer.concat([this.#held, chunk]);
    else this.#answer.received(chunk);
  }

  drained(): void {
    this.#answer.drained();
    this.#noteWritten();
  }

  ended(): void {
    this.#hasEnded = true;
    if (this.#state === "reading") this.#fail("cut off");
    else if (this.#state === "read" && this.#endsWithClient) {
      this.#end(false);
      this.#answer.cut();
    } else if (this.#state === "answered" || this.#state === "over") this.#answer.ended();
  }

  closed(): void {
    const isWhole = this.#state === "answered" && this.waitingOctets === 0;
    this.#dropBody();
    this.#answer.closed();
    this.#end(isWhole);
  }

  #take(body: RequestBody, chunk: Uint8Array): void {
    const state = body.push(chunk);
    if (state === "incomplete") {
      this.#deadline ??= new MessageDeadline(this.#options.bodyTimeoutMs, CLOCK, () => {
        this.#fail("late");
      });
      // With no octet of it the body has begun, too.
      this.#deadline.note(0, body.length + 1);
    } else if (state === "complete") {
      const receiver = this.#receiver;
      this.#answer.endRequest(body.octetsAfterBody);
      const octets = body.take();
      this.#dropBody();
      this.#state = "read";
      this.#resume();
      receiver?.onBody(this, octets);
    } else this.#fail(state);
  }

  #fail(fault: BodyFault): void {
    const receiver = this.#receiver;
    this.#dropBody();
    this.#state = "read";
    receiver?.onBodyFault(this, fault);
  }

  #dropBody(): void {
    this.#deadline?.stop();
    this.#deadline = null;
    this.#body?.drop();
    this.#body = null;
    this.#receiver = null;
    this.#held = NO_OCTETS;
  }

  #resume(): void {
    if (this.#isPaused) this.#socket.resume();
    this.#isPaused = false;
  }

  /** Notes whether the system has taken the whole answer. */
  #noteWritten(): void {
    if (this.#state === "answered" && this.waitingOctets === 0) this.#end(true);
  }

  #end(isWhole: boolean): void {
    if (this.#state === "over") return;
    this.#state = "over";
    this.#options.onOver(this);
    if (isWhole && this.#confirm) this.#confirm((isTaken) => this.onEnd?.(isTaken));
    else this.onEnd?.(isWhole);
  }
}
