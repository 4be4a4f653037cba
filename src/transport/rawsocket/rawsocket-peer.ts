/**
 * RawSocketPeer: the Peer over a RawSocket connection, accepted or connected, after its handshake.
 *
 * @module
 */

import { sentenceOf } from "#base/failure.ts";
import type { IncompleteMessageOptions, KeepaliveOptions } from "#config/options/session-config.ts";
import { disconnects } from "#observe/disconnects.ts";
import type { Logger } from "#observe/logger.ts";
import { slowClients } from "#observe/slow-clients.ts";
import type { ConnectionSocket } from "#transport/endpoint/connection.ts";
import { Keepalive, type KeepaliveTarget } from "#transport/endpoint/keepalive.ts";
import type { LongMessageGate } from "#transport/endpoint/long-message-gate.ts";
import { TOO_MANY_INCOMPLETE } from "#transport/endpoint/message-collector.ts";
import { MessageDeadline } from "#transport/endpoint/message-deadline.ts";
import { type InputDecoder, PacedInput, PauseReason } from "#transport/endpoint/paced-input.ts";
import { type DrainObserver, SocketWriter } from "#transport/endpoint/socket-writer.ts";
import { UnfinishedMessage } from "#transport/endpoint/unfinished-message.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import {
  CloseCode,
  type GivenUp,
  type MessageParts,
  type Peer,
  type PeerHandler,
  type TransportDetails,
  TransportEnd,
  type WireMessage,
} from "#wamp/peer.ts";
import type { SerializerName } from "#wamp/serializer-name.ts";
import {
  FRAME_HEADER_OCTETS,
  FrameType,
  type FrameTypeNumber,
  MAX_FRAME_OCTETS,
  writeFrameHeader,
} from "./frame-header.ts";
import { type FrameHandler, FrameReader } from "./frame-reader.ts";
import type { Agreement } from "./handshake.ts";

/** A connection whose handshake is done. */
export interface RawSocketPeerOptions {
  socket: ConnectionSocket;
  agreement: Agreement;
  details: TransportDetails;
  /** With more octets waiting, `send` answers false. */
  maxBuffered: number;
  /**
   * How the other side is pinged, the limits of messages that have begun to arrive, and where the end of a
   * client is logged; absent: no pings and no limits.
   */
  supervision?: { options: KeepaliveOptions & IncompleteMessageOptions; log: Logger };
  /** What may wait for all clients of the process; absent where the other side is a router. */
  maxOutgoing?: number;
  /** Delays long messages; absent: they are read at once. */
  gate?: LongMessageGate | undefined;
  /** Milliseconds in which a message of a router must be complete; absent, or 0: unlimited. */
  messageTimeout?: number | undefined;
}

/** Time for the last message to a client that has ended its side: longer than a session waits for a router. */
const LAST_MESSAGE_MS = 1500;

/** Reused for every frame, because its octets are copied at once. */
const header = new Uint8Array(FRAME_HEADER_OCTETS);

/** Reads and writes frames. The owner of the socket passes its events on to the peer. */
export class RawSocketPeer
  implements Peer, InputDecoder, FrameHandler, DrainObserver, KeepaliveTarget
{
  readonly details: TransportDetails;
  readonly maxSendOctets: number;
  readonly #socket: ConnectionSocket;
  readonly #input: PacedInput;
  readonly #reader: FrameReader;
  /** Undefined until a message arrives in several reads. */
  #deadline: MessageDeadline | undefined;
  readonly #writer: SocketWriter;
  readonly #gate: LongMessageGate | undefined;
  readonly #supervision: RawSocketPeerOptions["supervision"];
  readonly #messageTimeout: number;
  /** The message that is being sent part by part. */
  #unfinished: UnfinishedMessage | undefined;
  /** Undefined: no pings are configured, or the session has not begun. */
  #keepalive: Keepalive | undefined;
  /** Null: not attached yet, or the connection is closed. */
  #handler: PeerHandler | null = null;
  /** Undefined: nothing has begun to close the connection. */
  #closeReason: string | undefined;
  /** Set while the other side has ended, but is still owed a message. */
  #lastMessageTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: RawSocketPeerOptions) {
    this.#socket = options.socket;
    // 2^24 can be announced, but the length of a frame has 24 bits.
    this.maxSendOctets = Math.min(options.agreement.maxSendOctets, MAX_FRAME_OCTETS);
    this.details = options.details;
    this.#supervision = options.supervision;
    const limits = options.supervision?.options;
    this.#messageTimeout = limits?.message_timeout ?? options.messageTimeout ?? 0;
    this.#reader = new FrameReader(options.agreement.maxReceiveOctets, limits?.max_incomplete);
    this.#input = new PacedInput(options.socket, this);
    const { socket, maxBuffered, maxOutgoing } = options;
    this.#writer = new SocketWriter(socket, maxBuffered, this, maxOutgoing);
    this.#gate = options.gate;
  }

  // No field, which would take memory of every connection.
  get serializer(): SerializerName {
    return this.details.serializer;
  }

  get bufferedOctets(): number {
    return this.#writer.bufferedOctets + (this.#unfinished?.waitingOctets ?? 0);
  }

  get isAmidMessage(): boolean {
    return this.#unfinished !== undefined;
  }

  /** A ping within a message would be a part of it. */
  get mayPing(): boolean {
    return !this.isAmidMessage;
  }

  /** Sets the handler; to be called once, before the first `received`. */
  attach(handler: PeerHandler): void {
    this.#handler = handler;
    const pings = this.#supervision?.options;
    if (pings !== undefined && pings.auto_ping_interval > 0 && !this.#isClosing) {
      this.#keepalive = new Keepalive(pings, this);
    }
  }

  send(message: WireMessage): boolean {
    if (this.#isClosing) return true;
    // In a microtask, because the session is still sending.
    if (this.#lastMessageTimer !== undefined) queueMicrotask(() => this.#endAfterLastMessage());
    if (message.length > this.maxSendOctets) {
      // Sessions answer messages that are too long; one without an answer must not be lost silently.
      this.close(
        CloseCode.messageTooBig,
        `a message is longer than the ${this.maxSendOctets} octets taken`,
      );
      return true;
    }
    return this.#sendFrame(FrameType.message, message);
  }

  beginMessage(octets: number): boolean {
    if (this.#isClosing || octets > this.maxSendOctets) return false;
    this.#unfinished = new UnfinishedMessage(octets, this.#writer);
    return true;
  }

  sendPart(octets: Uint8Array): boolean {
    const message = this.#unfinished;
    if (message === undefined) return true;
    if (message.sentOctets === 0) {
      writeFrameHeader(header, 0, FrameType.message, message.octets);
      this.#writer.write(header);
    }
    const isTaken = this.#writer.writePart(octets);
    if (message.sent(octets.length)) this.#finishMessage(message);
    return isTaken;
  }

  takeBackMessage(): void {
    if (this.#unfinished?.sentOctets === 0) this.#finishMessage(this.#unfinished);
  }

  /** Sends what has waited for the end of a message. */
  #finishMessage(message: UnfinishedMessage): void {
    this.#unfinished = undefined;
    const waiting = message.takeWaiting();
    if (waiting.length === 0) return;
    if (waiting.map((frame) => this.#writer.write(frame)).at(-1)) this.onQueueDrained();
  }

  cork(body: () => void): void {
    try {
      body();
    } finally {
      this.#writer.flush();
    }
  }

  pause(): void {
    this.#input.pause(PauseReason.session);
  }

  resume(): void {
    this.#resume(PauseReason.session);
  }

  limitMessages(octets: number): void {
    this.#reader.limitPayloads(2 * octets);
  }

  close(code: number, reason: string): void {
    if (this.#isClosing) return;
    this.#countDisconnect(code);
    this.#beginClosing(reason);
    this.#writer.end();
  }

  closeIdle(reason: string): void {
    if (this.#isClosing) return;
    this.#countDisconnect(CloseCode.normal);
    this.#beginClosing(reason);
    this.#writer.endIdle();
  }

  /** RawSocket has no close codes: those are counted that a WebSocket would be closed with. */
  #countDisconnect(code: number): void {
    if (this.#supervision !== undefined && !this.#isClosing) disconnects.count(code);
  }

  #beginClosing(reason: string): void {
    this.#closeReason = reason;
    this.#dropUnfinished();
    this.#stopInput();
  }

  /** The message that was begun will not be completed. */
  #dropUnfinished(): void {
    this.#unfinished?.drop();
    this.#unfinished = undefined;
  }

  get #isClosing(): boolean {
    return this.#closeReason !== undefined;
  }

  received(chunk: Uint8Array): void {
    if (!this.#isClosing) this.#keepalive?.noteTraffic();
    this.#input.received(chunk);
  }

  decode(octets: Uint8Array): number {
    try {
      if (this.#handler?.onBurst && hasSeveralFrames(octets)) {
        this.#handler.onBurst(() => this.#read(octets));
      } else {
        this.#read(octets);
      }
    } catch (thrown) {
      this.#handlerFailed(thrown);
    }
    return this.#reader.position;
  }

  #read(chunk: Uint8Array): void {
    const fault = this.#reader.push(chunk, this);
    if (fault === TOO_MANY_INCOMPLETE) {
      this.#giveUp({ code: CloseCode.tryAgainLater, uri: ErrorUri.overloaded, sentence: fault });
    } else if (fault !== null) {
      this.close(CloseCode.protocolError, `protocol violation: ${fault}`);
    } else if (!this.#isClosing) {
      const { completed, incompleteOctets } = this.#reader;
      if (incompleteOctets > 0) this.#deadline ??= this.#newDeadline();
      this.#deadline?.note(completed, incompleteOctets);
    }
  }

  #newDeadline(): MessageDeadline {
    return new MessageDeadline(this.#messageTimeout, this.#input, () => this.#onMessageTimeout());
  }

  #onMessageTimeout(): void {
    const sentence = `a message was not complete within ${this.#messageTimeout} ms`;
    this.#giveUp({ code: CloseCode.policyViolation, uri: ErrorUri.messageTimeout, sentence });
  }

  /** Ends a connection that keeps to the protocol and takes too much; its client is sent the reason. */
  #giveUp(end: GivenUp): void {
    if (this.#isClosing) return;
    const { peer } = this.details;
    this.#supervision?.log.warn("client given up", { peer, reason: end.sentence });
    try {
      this.#handler?.onGivenUp?.(end);
    } catch (thrown) {
      this.#handlerFailed(thrown);
    }
    this.close(end.code, end.sentence);
  }

  drained(): void {
    this.#keepalive?.noteDrained();
    this.#writer.drained();
  }

  /** The other side sends nothing more; it may still be owed the answer to its GOODBYE. */
  ended(): void {
    if (this.#isClosing || !this.#handler?.isLeaving?.()) {
      this.#socket.end();
      return;
    }
    this.#keepalive?.stop();
    this.#lastMessageTimer = setTimeout(() => this.#socket.end(), LAST_MESSAGE_MS);
  }

  #endAfterLastMessage(): void {
    if (this.#handler === null || this.#handler.isLeaving?.()) return;
    clearTimeout(this.#lastMessageTimer);
    this.#writer.end();
  }

  closed(error: Error | undefined): void {
    clearTimeout(this.#lastMessageTimer);
    this.#closeReason ||= error === undefined ? "connection closed" : error.message;
    this.#stopInput();
    this.#dropUnfinished();
    this.#writer.drop();
    const handler = this.#handler;
    this.#handler = null;
    handler?.onClose(this.#closeReason);
  }

  /** The reader has read a frame. */
  takeFrame(type: FrameTypeNumber, payload: Uint8Array): boolean {
    // The handler may take the payload.
    const { length } = payload;
    if (type === FrameType.message) this.#deliver(payload);
    else if (type === FrameType.ping) this.#answerPing(payload);
    else this.#keepalive?.notePong(payload);
    this.#gate?.end();
    return this.#input.mayContinue(length);
  }

  /** The reader has read the begin of a long message. */
  beginLongMessage(head: Uint8Array, octets: number): MessageParts | null {
    const parts = this.#handler?.onLongMessage?.(head, octets) ?? null;
    if (parts !== null) this.#gate?.pass();
    return parts;
  }

  /** The last part of a long message was taken. */
  endLongMessage(): boolean {
    this.#gate?.end();
    return this.#input.mayContinue(0);
  }

  /** For the keepalive. */
  get descriptor(): number | undefined {
    return this.#socket.fd;
  }

  /** The reader is about to read a frame. */
  mayBegin(octets: number): boolean {
    if (this.#gate === undefined) return true;
    if (this.#gate.mayBegin(octets, () => this.#resume(PauseReason.memory))) return true;
    this.#input.pause(PauseReason.memory);
    return false;
  }

  /** Sends a ping for the keepalive. */
  ping(payload: Uint8Array): void {
    this.#sendFrame(FrameType.ping, payload);
  }

  /** A clock in milliseconds that stands still while the other side is not read. */
  get readingMs(): number {
    return this.#input.readingMs;
  }

  /** Whether the other side is not read at present. */
  isPaused(): boolean {
    return this.#input.isPaused;
  }

  /** The other side did not answer a ping in time. */
  onPingTimeout(): void {
    this.#supervision?.log.info("client did not answer a ping", { peer: this.details.peer });
    this.#countDisconnect(CloseCode.abnormal);
    this.#closeReason = TransportEnd.noPong;
    this.#stopInput();
    this.#socket.terminate();
  }

  #answerPing(payload: Uint8Array): void {
    if (!this.#sendFrame(FrameType.pong, payload)) this.#input.pause(PauseReason.pongs);
  }

  #sendFrame(type: FrameTypeNumber, payload: Uint8Array): boolean {
    writeFrameHeader(header, 0, type, payload.length);
    if (this.#unfinished === undefined) {
      return this.#writer.writeFrame(header, FRAME_HEADER_OCTETS, payload);
    }
    this.#unfinished.wait(header, payload);
    return this.bufferedOctets <= this.#writer.maxBuffered;
  }

  /** The writer's queue is short again. */
  onQueueDrained(): void {
    this.#resume(PauseReason.pongs);
    try {
      this.#handler?.onDrain();
    } catch (thrown) {
      this.#handlerFailed(thrown);
    }
  }

  /** The writer gives the connection up. */
  onQueueOverflow(waiting: number, reason: string): void {
    this.#countDisconnect(CloseCode.abnormal);
    this.#closeReason ||= reason;
    this.#dropUnfinished();
    const { peer } = this.details;
    if (this.#supervision === undefined) return;
    slowClients.cutOff += 1;
    this.#supervision.log.warn("client did not read", { peer, waiting, reason });
  }

  #resume(reason: number): void {
    if (!this.#input.isPausedFor(reason)) return;
    this.#keepalive?.noteResumed();
    this.#input.resume(reason);
  }

  #stopInput(): void {
    this.#keepalive?.stop();
    this.#deadline?.stop();
    this.#gate?.end();
    this.#reader.drop();
    this.#input.stop();
  }

  /** A handler that throws loses its own connection and no other. */
  #deliver(message: WireMessage): void {
    try {
      this.#handler?.onMessage(message);
    } catch (thrown) {
      this.#handlerFailed(thrown);
    }
  }

  #handlerFailed(thrown: unknown): void {
    this.close(CloseCode.internalError, `internal error: ${sentenceOf(thrown)}`);
  }
}

/** Whether a chunk has more than one frame; a guess when it begins within a frame. */
function hasSeveralFrames(chunk: Uint8Array): boolean {
  const length = ((chunk[1] ?? 0) << 16) | ((chunk[2] ?? 0) << 8) | (chunk[3] ?? 0);
  return chunk.length > FRAME_HEADER_OCTETS + length;
}
