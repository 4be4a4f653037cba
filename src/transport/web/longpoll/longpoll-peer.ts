/**
 * LongPollPeer: the Peer over HTTP long polling. Its client asks for messages with `receive` requests and sends its
 * own with `send` requests, on any connections.
 *
 *     receive    answered with the next message, or in batched mode with all that wait; after a while with none
 *     send       answered when the session has handled its messages
 *     close      ends the transport
 *
 * @module
 */

import { isUtf8 } from "node:buffer";

import { sentenceOf } from "#base/failure.ts";
import type { LongPollOptions } from "#config/web-service/longpoll-config.ts";
import { disconnects } from "#observe/disconnects.ts";
import type { Logger } from "#observe/logger.ts";
import { slowClients } from "#observe/slow-clients.ts";
import type { HttpAnswer } from "#transport/http/http-answer.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import {
  CloseCode,
  type Peer,
  type PeerHandler,
  type TransportDetails,
  TransportEnd,
  type WireMessage,
} from "#wamp/peer.ts";
import type { SerializerName } from "#wamp/serializer-name.ts";
import { IncomingSends, type SendTarget } from "./incoming-sends.ts";
import {
  endedAnswer,
  isText,
  messageAnswer,
  NO_SUCH_TRANSPORT,
  sentenceAnswer,
  TAKEN,
} from "./longpoll-answers.ts";
import type { BodyFault, BodyLimits, LongPollRequest } from "./longpoll-request.ts";
import { type LongPollEvent, type LongPollState, longPollAction } from "./longpoll-states.ts";
import { WaitingMessages } from "./waiting-messages.ts";

/** For so long after the end of a session its client may ask for the last messages. */
const LINGER_MS = 5_000;

/** With more octets than this, and twice `max_buffered`, or with so many messages waiting for it a client is given up. */
const MAX_WAITING_OCTETS = 32 * 1024 * 1024;
const MAX_WAITING_MESSAGES = 100_000;

const ANOTHER_RECEIVE = sentenceAnswer(409, "Another receive has taken the place of this one");

/** What a transport is made of. */
export interface LongPollPeerOptions {
  details: TransportDetails;
  /** Whether the answer to a receive may hold several messages. */
  isBatched: boolean;
  options: LongPollOptions;
  log: Logger;
  /** Called once, when the transport is closed. */
  onClosed: () => void;
}

/** The client at the other side of one long-poll transport. */
export class LongPollPeer implements Peer, SendTarget {
  readonly details: TransportDetails;
  readonly maxSendOctets = Number.POSITIVE_INFINITY;
  readonly #isBatched: boolean;
  readonly #options: LongPollOptions;
  readonly #log: Logger;
  readonly #onClosed: () => void;
  readonly #messages: WaitingMessages;
  readonly #sends = new IncomingSends(this);
  /** With more messages waiting, the client counts as behind. */
  readonly #mostMessages: number;
  /** What each of them counts for at least. */
  readonly #octetsPerMessage: number;
  readonly #idleTimer: ReturnType<typeof setTimeout>;
  #handler: PeerHandler | null = null;
  /** Longest message that is taken at present. */
  #longest: number;
  #phase: "open" | "closing" | "closed" = "open";
  /** The receive that waits for a message. */
  #receive: LongPollRequest | null = null;
  #receiveTimer: ReturnType<typeof setTimeout> | undefined;
  /** The receive whose answer the system has not taken whole. */
  #answered: LongPollRequest | null = null;
  #isAnswerDue = false;
  /** Whether `send` has answered false. */
  #needsDrain = false;
  #closeCode = 0;
  #closeReason = "";
  #lingerTimer: ReturnType<typeof setTimeout> | undefined;

  constructor({ details, isBatched, options, log, onClosed }: LongPollPeerOptions) {
    this.details = details;
    this.#isBatched = isBatched;
    this.#options = options;
    this.#log = log;
    this.#onClosed = onClosed;
    this.#longest = options.max_message_size;
    this.#messages = new WaitingMessages(options.max_outgoing, () => this.#giveUp());
    const { queue_limit_messages, max_buffered } = options;
    this.#mostMessages = queue_limit_messages || Number.POSITIVE_INFINITY;
    this.#octetsPerMessage = (2 * max_buffered) / this.#mostMessages;
    this.#idleTimer = setTimeout(() => this.#onIdle(), options.session_timeout);
  }

  /** Sets the handler; to be called once, before the first request. */
  attach(handler: PeerHandler): void {
    this.#handler = handler;
  }

  get serializer(): SerializerName {
    return this.details.serializer;
  }

  get isClosing(): boolean {
    return this.#phase !== "open";
  }

  /** The state of the transport, as longpoll-states.ts names it. */
  get state(): LongPollState {
    if (this.#phase !== "open") return this.#phase;
    return this.#receive === null ? "idle" : "polled";
  }

  /**
   * Messages that are many count for more than their octets: when there are too many, for so much that their sender
   * is not read any more.
   */
  get bufferedOctets(): number {
    return Math.max(this.#waitingOctets, Math.ceil(this.#messages.length * this.#octetsPerMessage));
  }

  get #waitingOctets(): number {
    return this.#messages.octets + (this.#answered?.waitingOctets ?? 0);
  }

  // The requests of the client.

  /** Takes a request for messages. */
  receive(request: LongPollRequest): void {
    const action = this.#actionAt("receive");
    if (action === "gone") {
      request.answer(NO_SUCH_TRANSPORT);
      return;
    }
    request.onEnd = (isWhole) => this.#onReceiveOver(request, isWhole);
    if (action === "rest") {
      this.#takeRest(request);
      return;
    }
    const before = this.#receive;
    this.#receive = request;
    before?.answer(ANOTHER_RECEIVE);
    request.endWithClient();
    clearTimeout(this.#receiveTimer);
    this.#receiveTimer = setTimeout(() => this.#onReceiveLate(), this.#options.request_timeout);
    this.#answerReceive();
  }

  /** Takes a request with messages. */
  post(request: LongPollRequest): void {
    this.#touch();
    if (this.#actionAt("send") === "take") this.#sends.add(request);
    else request.answer(this.#endAnswer);
  }

  /** Takes a request that ends the transport. */
  end(request: LongPollRequest): void {
    if (this.#actionAt("close") !== "end") {
      request.answer(NO_SUCH_TRANSPORT);
      return;
    }
    // A client that ends the transport is not told that it has ended.
    this.#receive?.answer(TAKEN);
    this.#finish("closed by the client");
    request.answer(TAKEN);
  }

  bodyLimits(): BodyLimits {
    const { max_incomplete } = this.#options;
    // A message that is up to twice as long is read, so that it can be answered.
    return { maxOctets: 2 * this.#longest, maxIncomplete: max_incomplete };
  }

  deliver(body: Uint8Array): HttpAnswer {
    this.#touch();
    try {
      this.#hand(body);
    } catch (thrown) {
      this.#log.error("session failed", { reason: sentenceOf(thrown) });
      this.close(CloseCode.internalError, "internal error");
    }
    return this.#outcome();
  }

  refused(fault: BodyFault): void {
    if (fault === "too long") this.#closeOversized();
    else if (fault === "late") {
      const sentence = `a message was not complete within ${this.#options.message_timeout} ms`;
      this.#giveUpFor(CloseCode.policyViolation, ErrorUri.messageTimeout, sentence);
    } else if (fault === "too much memory") {
      const sentence =
        "the incomplete messages of all clients take too much memory; try again later";
      this.#giveUpFor(CloseCode.tryAgainLater, ErrorUri.overloaded, sentence);
    }
  }

  #hand(body: Uint8Array): void {
    const { max_message_size } = this.#options;
    if (isText(this.serializer) && !isUtf8(body)) {
      this.close(CloseCode.protocolError, "Cannot read WAMP messages: they are not UTF-8");
    } else if (body.length > max_message_size) {
      if (!this.#handler?.onOversized?.(body)) this.#closeOversized();
    } else this.#handler?.onMessage(body);
  }

  /** The answer to a send whose messages are handled: what has ended the session with them, or nothing. */
  #outcome(): HttpAnswer {
    if (this.#phase === "open") return TAKEN;
    switch (this.#closeCode) {
      case CloseCode.protocolError:
      case CloseCode.unsupportedData:
        return sentenceAnswer(400, this.#closeReason);
      case CloseCode.messageTooBig:
        return sentenceAnswer(413, this.#closeReason);
      case CloseCode.internalError:
        return sentenceAnswer(500, "Something went wrong here");
      default:
        return TAKEN;
    }
  }

  #closeOversized(): void {
    const limit = this.#options.max_message_size;
    this.close(CloseCode.messageTooBig, `the longest message here has ${limit} octets`);
  }

  /** Ends a session that takes too much; its client is sent the reason. */
  #giveUpFor(code: number, uri: string, sentence: string): void {
    this.#log.warn("client given up", { peer: this.details.peer, reason: sentence });
    this.#handler?.onGivenUp?.({ code, uri, sentence });
    this.close(code, sentence);
  }

  // What the session does.

  send(message: WireMessage): boolean {
    const action = this.#actionAt("message");
    if (action === "drop") return true;
    const tooMuch = this.#waitingOctets > MAX_WAITING_OCTETS + 2 * this.#options.max_buffered;
    if (tooMuch || this.#messages.length >= MAX_WAITING_MESSAGES) {
      this.#giveUp();
      return true;
    }
    this.#messages.push(message);
    // In a microtask, so that a batch holds all that one event makes the session send.
    if (action === "answer" && !this.#isAnswerDue) {
      this.#isAnswerDue = true;
      queueMicrotask(() => this.#answerReceive());
    }
    this.#needsDrain ||= this.#isBehind(1);
    return !this.#isBehind(1);
  }

  cork(body: () => void): void {
    body();
  }

  pause(): void {
    this.#sends.pause();
  }

  resume(): void {
    this.#sends.resume();
  }

  limitMessages(octets: number): void {
    this.#longest = Math.min(octets, this.#options.max_message_size);
  }

  close(code: number, reason: string): void {
    const action = this.#actionAt("session ends");
    if (action === "none") return;
    disconnects.count(code);
    this.#closeCode = code;
    this.#closeReason = reason;
    if (action === "tell" && this.#messages.length === 0) {
      this.#finish(reason);
      return;
    }
    this.#phase = "closing";
    clearTimeout(this.#idleTimer);
    this.#lingerTimer = setTimeout(() => this.#onLate(reason), LINGER_MS);
    this.#sends.stop(endedAnswer(reason));
    this.#answerReceive();
  }

  /** Ends the transport at once; a receive gets what waits, or the reason. */
  shutDown(reason: string): void {
    if (this.#messages.length > 0) this.#answerReceive();
    this.#finish(reason);
  }

  /** Whether more waits than this part of the limits. */
  #isBehind(part: number): boolean {
    const { length } = this.#messages;
    const { max_buffered } = this.#options;
    return this.#waitingOctets > part * max_buffered || length > part * this.#mostMessages;
  }

  // The answers to receives.

  #answerReceive(): void {
    this.#isAnswerDue = false;
    const request = this.#receive;
    if (request === null || this.#answered !== null || this.#messages.length === 0) return;
    this.#receive = null;
    clearTimeout(this.#receiveTimer);
    this.#answered = request;
    request.answer(messageAnswer(this.serializer, this.#messages.take(this.#isBatched)));
  }

  /** Answers a receive after the end of the session: with what is left, and then with the reason of the end. */
  #takeRest(request: LongPollRequest): void {
    if (this.#messages.length === 0) {
      request.answer(endedAnswer(this.#closeReason));
      this.#finish(this.#closeReason);
      return;
    }
    this.#receive?.answer(ANOTHER_RECEIVE);
    this.#receive = request;
    this.#lingerTimer?.refresh();
    this.#answerReceive();
  }

  /** A receive is over: its client has gone, or the system has taken the answer. */
  #onReceiveOver(request: LongPollRequest, isWhole: boolean): void {
    if (this.#phase === "closed") return;
    if (this.#receive === request) {
      this.#receive = null;
      clearTimeout(this.#receiveTimer);
    }
    this.#touch();
    if (this.#answered !== request) return;
    this.#answered = null;
    if (isWhole) this.#onTaken();
    else if (this.#actionAt("answer is lost") === "lose") this.#lose("an answer was cut off");
  }

  /** The client has taken messages. */
  #onTaken(): void {
    if (this.#needsDrain && !this.#isBehind(1 / 4)) {
      this.#needsDrain = false;
      this.#handler?.onDrain();
    }
    this.#answerReceive();
  }

  #onReceiveLate(): void {
    if (this.#actionAt("receive is late") !== "empty") return;
    const request = this.#receive;
    this.#receive = null;
    request?.answer(TAKEN);
  }

  // The end.

  /** The client has given a sign of life. */
  #touch(): void {
    // A timer that was stopped would begin again.
    if (this.#phase === "open") this.#idleTimer.refresh();
  }

  #onIdle(): void {
    const isBusy = this.#receive !== null || this.#answered !== null || this.#sends.isBusy;
    if (isBusy) this.#idleTimer.refresh();
    else this.#onLate(`no request within ${this.#options.session_timeout} ms`);
  }

  #onLate(reason: string): void {
    if (this.#actionAt("client is late") !== "lose") return;
    if (this.#phase === "open") this.#lose(reason);
    else this.#finish(reason);
  }

  #lose(reason: string): void {
    this.#log.info("long-poll client lost", { peer: this.details.peer, reason });
    this.#finish(reason);
  }

  #giveUp(): void {
    const { peer } = this.details;
    slowClients.cutOff += 1;
    disconnects.count(CloseCode.abnormal);
    this.#log.warn("client did not read", { peer, waiting: this.bufferedOctets });
    this.#finish(TransportEnd.tooMuchWaits);
  }

  /** The transport is over. */
  #finish(reason: string): void {
    if (this.#phase === "closed") return;
    this.#phase = "closed";
    this.#closeReason ||= reason;
    clearTimeout(this.#idleTimer);
    clearTimeout(this.#receiveTimer);
    clearTimeout(this.#lingerTimer);
    this.#messages.drop();
    const receive = this.#receive;
    this.#receive = null;
    receive?.answer(this.#endAnswer);
    this.#sends.stop(this.#endAnswer);
    const handler = this.#handler;
    this.#handler = null;
    this.#onClosed();
    // Not at once, because the session may be the one that closes.
    queueMicrotask(() => handler?.onClose(this.#closeReason));
  }

  get #endAnswer(): HttpAnswer {
    return endedAnswer(this.#closeReason);
  }

  #actionAt(event: LongPollEvent): ReturnType<typeof longPollAction> {
    return longPollAction(this.state, event);
  }
}
