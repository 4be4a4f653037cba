/**
 * WebSocketConnection: one WebSocket after its handshake (RFC 6455), whose other side is a client or a router.
 * Subclasses decide what a message means.
 *
 * @module
 */

import { sentenceOf } from "#base/failure.ts";
import type { IncompleteMessageOptions, KeepaliveOptions } from "#config/options/session-config.ts";
import type { WebSocketOptions } from "#config/options/websocket-config.ts";
import { disconnects } from "#observe/disconnects.ts";
import type { Logger } from "#observe/logger.ts";
import { slowClients } from "#observe/slow-clients.ts";
import type { ConnectionEvents, ConnectionSocket } from "#transport/endpoint/connection.ts";
import { Keepalive, type KeepaliveTarget } from "#transport/endpoint/keepalive.ts";
import type { LongMessageGate } from "#transport/endpoint/long-message-gate.ts";
import { MessageDeadline } from "#transport/endpoint/message-deadline.ts";
import { type InputDecoder, PacedInput, PauseReason } from "#transport/endpoint/paced-input.ts";
import { type DrainObserver, SocketWriter } from "#transport/endpoint/socket-writer.ts";
import { UnfinishedMessage } from "#transport/endpoint/unfinished-message.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import { CloseCode, type GivenUp, type MessageParts, TransportEnd } from "#wamp/peer.ts";
import { fittingReason } from "./close-reason.ts";
import { FrameDecoder, type FrameHandler, type ProtocolFault } from "./frame-decoder.ts";
import {
  FIN,
  MAX_FRAME_HEADER_OCTETS,
  Opcode,
  RSV1,
  writeFrameHeader,
  writeMaskedFrameHeader,
} from "./frame-header.ts";
import { masked, maskInPlace, newMaskingKey } from "./masked-payload.ts";
import { type DeflateCodec, LONGEST_COMPRESSED_OCTETS } from "./permessage-deflate.ts";

/** Keeps the open WebSockets of a transport. */
export interface WebSocketOwner {
  readonly log: Logger;
  noteClosed(connection: WebSocketConnection): void;
}

/** The options that matter after the handshake; what is sent to a router has no `max_outgoing`. */
export interface ConnectionOptions
  extends KeepaliveOptions,
    IncompleteMessageOptions,
    Pick<
      WebSocketOptions,
      | "max_message_size"
      | "max_frame_size"
      | "max_buffered"
      | "auto_fragment_size"
      | "close_handshake_timeout"
      | "echo_close_codereason"
      | "fail_by_drop"
    >,
    Partial<Pick<WebSocketOptions, "max_outgoing">> {}

/** A connection whose handshake is valid. */
export interface WebSocketConnectionOptions {
  socket: ConnectionSocket;
  /** Completes the handshake of a client, and so is sent first; null: the other side is a router. */
  answer: Uint8Array | null;
  options: ConnectionOptions;
  /** Address of the other side, for the log. */
  peer: string;
  /** Null: compression is not negotiated. */
  codec: DeflateCodec | null;
  /** Absent where the session alone logs what happens, as with a router. */
  owner?: WebSocketOwner;
  /** Delays long messages; absent: they are read at once. */
  gate?: LongMessageGate | undefined;
}

/** With more octets than this beyond its limits waiting, a client that does not read is closed. */
const MAX_BUFFERED_OCTETS = 16 * 1024 * 1024;

/** Time for the closing handshake where `close_handshake_timeout` is 0. */
const DEFAULT_CLOSE_TIMEOUT_MS = 1000;

/** Time for the last message to a client that has closed: longer than a session waits for a router. */
const LAST_MESSAGE_MS = 1500;

/** Reused for every frame, because its octets are copied at once. */
const header = new Uint8Array(MAX_FRAME_HEADER_OCTETS);

const NO_OCTETS = new Uint8Array(0);

function closePayload(code: number, reason: string): Buffer {
  const text = Buffer.from(fittingReason(reason));
  const payload = Buffer.allocUnsafe(2 + text.length);
  payload.writeUInt16BE(code, 0);
  payload.set(text, 2);
  return payload;
}

/** One WebSocket; receives the events of its socket. */
export abstract class WebSocketConnection
  implements ConnectionEvents, InputDecoder, FrameHandler, DrainObserver, KeepaliveTarget
{
  readonly role: "server" | "client";
  protected readonly options: ConnectionOptions;
  readonly #peer: string;
  readonly #socket: ConnectionSocket;
  readonly #owner: WebSocketOwner | undefined;
  readonly #gate: LongMessageGate | undefined;
  readonly codec: DeflateCodec | null;
  readonly #input: PacedInput;
  readonly #decoder: FrameDecoder;
  readonly #writer: SocketWriter;
  /** The message that is being sent in fragments. */
  #unfinished: UnfinishedMessage | undefined;
  readonly #keepalive: Keepalive | undefined;
  /** Undefined until a message arrives in several reads. */
  #deadline: MessageDeadline | undefined;
  #state: "open" | "closing" | "closed" = "open";
  #closeReason = "";
  #closeTimer: ReturnType<typeof setTimeout> | undefined;
  /** Ends the connection as its client wants, which waits for a last message; null: nothing waits. */
  #lastStep: (() => void) | null = null;

  constructor({ socket, answer, options, ...given }: WebSocketConnectionOptions) {
    this.role = answer === null ? "client" : "server";
    this.options = options;
    this.#owner = given.owner;
    this.#gate = given.gate;
    this.#peer = given.peer;
    this.#socket = socket;
    this.codec = given.codec;
    this.#writer = new SocketWriter(socket, options.max_buffered, this, options.max_outgoing);
    if (answer !== null) this.#writer.write(answer);
    this.#input = new PacedInput(socket, this);
    this.#decoder = new FrameDecoder(options, this);
    if (options.auto_ping_interval > 0) this.#keepalive = new Keepalive(options, this);
  }

  /** A whole message has arrived; its octets are borrowed. */
  protected abstract onWebSocketMessage(octets: Uint8Array, isText: boolean): void;

  /** A long message of so many octets has begun to arrive: gives what takes all its octets, or null. */
  protected onWebSocketLongMessage(
    _head: Uint8Array,
    _octets: number,
    _isText: boolean,
  ): MessageParts | null {
    return null;
  }

  /** Whether a message is still to be sent before a close by the other side is answered. */
  protected isLeaving(): boolean {
    return false;
  }

  /** `sendMessage` has answered false, and the other side has taken enough since. */
  protected abstract onWebSocketDrain(): void;

  /** The connection cannot go on. Its session may send its last message, and is to close it. */
  protected abstract onWebSocketGivenUp(end: GivenUp): void;

  /** The connection has closed. */
  protected abstract onWebSocketClose(reason: string): void;

  /** Whether the closing handshake has begun. */
  get isClosing(): boolean {
    return this.#state !== "open";
  }

  /** Octets that this process holds until the other side takes them. */
  get bufferedOctets(): number {
    return this.#writer.bufferedOctets + (this.#unfinished?.waitingOctets ?? 0);
  }

  /** Whether a message that was begun is not complete: other messages wait for its end. */
  get isAmidMessage(): boolean {
    return this.#unfinished !== undefined;
  }

  /** Sends one message. False: it is taken, but too many octets wait; `onWebSocketDrain` follows. */
  protected sendMessage(octets: Uint8Array, isText: boolean): boolean {
    if (this.#state !== "open") return true;
    if (this.#writer.bufferedOctets > MAX_BUFFERED_OCTETS + 2 * this.options.max_buffered) {
      this.#closeStalled();
      return true;
    }
    // In a microtask, because the session is still sending.
    if (this.#lastStep !== null) queueMicrotask(() => this.#takeLastStep(this.isLeaving()));
    if (this.#unfinished !== undefined) {
      this.#unfinished.wait(octets);
      return this.bufferedOctets <= this.options.max_buffered;
    }
    const first = FIN | (isText ? Opcode.text : Opcode.binary);
    if (this.codec === null || octets.length > LONGEST_COMPRESSED_OCTETS) {
      return this.#sendFrames(first, octets);
    }
    return this.#sendFrames(first | RSV1, this.codec.deflate(octets));
  }

  /** Begins a message of so many octets that `sendFragment` sends; false: it has to be sent whole. */
  beginMessage(octets: number): boolean {
    const isCompressed = this.codec !== null && octets <= LONGEST_COMPRESSED_OCTETS;
    if (isCompressed || this.#state !== "open") return false;
    this.#unfinished = new UnfinishedMessage(octets, this.#writer);
    return true;
  }

  /** Sends the next octets of the message that was begun, which may be changed; answers as `sendMessage` does. */
  protected sendFragment(octets: Uint8Array, isText: boolean): boolean {
    const message = this.#unfinished;
    if (message === undefined || this.#state !== "open") return true;
    let first: number = isText ? Opcode.text : Opcode.binary;
    if (message.sentOctets > 0) first = Opcode.continuation;
    const isLast = message.sent(octets.length);
    if (isLast) first |= FIN;
    if (this.role === "client") this.#sendMaskedPart(first, octets);
    else this.#sendFrames(first, octets);
    if (isLast) this.#finishMessage(message, isText);
    return this.#writer.takesParts();
  }

  /** Gives up the message that was begun, if nothing of it has been sent. */
  protected takeBackFragments(isText: boolean): void {
    if (this.#unfinished?.sentOctets === 0) this.#finishMessage(this.#unfinished, isText);
  }

  /** Sends the messages that have waited for the end of another one. */
  #finishMessage(message: UnfinishedMessage, isText: boolean): void {
    this.#unfinished = undefined;
    const waiting = message.takeWaiting();
    if (waiting.length === 0) return;
    if (waiting.map((octets) => this.sendMessage(octets, isText)).at(-1)) this.onQueueDrained();
  }

  /** The message that was begun will not be completed. */
  #dropUnfinished(): void {
    this.#unfinished?.drop();
    this.#unfinished = undefined;
  }

  /** Whether a message is longer than `max_message_size`; one up to twice as long can be answered. */
  protected isOversized(octets: Uint8Array): boolean {
    return octets.length > this.options.max_message_size;
  }

  /** Closes the connection because of a message that is too long. */
  protected closeOversized(): void {
    const limit = this.options.max_message_size;
    this.close(CloseCode.messageTooBig, `the longest message here has ${limit} octets`);
  }

  /** Writes all that `body` sends in as few writes as possible. */
  cork(body: () => void): void {
    try {
      body();
    } finally {
      this.#writer.flush();
    }
  }

  /** Lowers the longest message from now on; `max_message_size` stays the upper limit. */
  limitMessages(octets: number): void {
    this.#decoder.limitMessages(octets);
  }

  /** Stops reading; no message is handled until `resume`. */
  pause(): void {
    this.#input.pause(PauseReason.session);
  }

  /** Reads again. */
  resume(): void {
    this.#resume(PauseReason.session);
  }

  /**
   * Sends what is queued and a close frame; the connection ends when the other side has answered. With the
   * code 1005 the frame names no code; with 1006 there is no frame, and the connection ends after what is queued.
   */
  close(code: number, reason: string): void {
    if (this.#state !== "open") return;
    if (this.#lastStep !== null) {
      this.#takeLastStep(false);
      return;
    }
    this.#closeReason = reason;
    this.#countDisconnect(code);
    if (code === CloseCode.abnormal) {
      this.#state = "closing";
      this.#dropUnfinished();
      this.#keepalive?.stop();
      this.#endStream();
      return;
    }
    this.#sendClose(code, reason);
    const timeoutMs = this.options.close_handshake_timeout || DEFAULT_CLOSE_TIMEOUT_MS;
    this.#closeTimer = setTimeout(() => this.#writer.finish(), timeoutMs);
  }

  received(chunk: Uint8Array): void {
    this.#keepalive?.noteTraffic();
    this.#input.received(chunk);
  }

  decode(octets: Uint8Array): number {
    const fault = this.#decode(octets);
    if (fault !== null) {
      this.#onFault(fault);
      return octets.length;
    }
    const { completed, incompleteOctets } = this.#decoder;
    if (incompleteOctets > 0) this.#deadline ??= this.#newDeadline();
    this.#deadline?.note(completed, incompleteOctets);
    return this.#decoder.position;
  }

  #decode(octets: Uint8Array): ProtocolFault | null {
    try {
      return this.#decoder.push(octets);
    } catch (thrown) {
      this.#failed(thrown);
      return null;
    }
  }

  #newDeadline(): MessageDeadline {
    const { message_timeout } = this.options;
    return new MessageDeadline(message_timeout, this.#input, () => this.#onMessageTimeout());
  }

  drained(): void {
    this.#keepalive?.noteDrained();
    this.#writer.drained();
  }

  /** The other side sends nothing more: the connection ends after the last message that it is still owed. */
  ended(): void {
    if (this.#lastStep !== null) return;
    if (this.#isOwedMessage) {
      this.#afterLastMessage(() => this.#endStream());
    } else {
      this.#writer.flush();
      this.#socket.end();
    }
  }

  /** Terminates the connection. */
  terminate(): void {
    this.#socket.terminate();
  }

  closed(error: Error | undefined): void {
    if (this.#state === "closed") return;
    this.#owner?.noteClosed(this);
    this.#state = "closed";
    this.#keepalive?.stop();
    clearTimeout(this.#closeTimer);
    this.#lastStep = null;
    this.#stopInput();
    this.#dropUnfinished();
    this.#writer.drop();
    const why = error === undefined ? "without a close frame" : `by an error: ${error.message}`;
    this.onWebSocketClose(this.#closeReason || `connection closed ${why}`);
  }

  /** The decoder has read a message. */
  handleMessage(octets: Uint8Array, isText: boolean): boolean {
    // The session may take the octets.
    const { length } = octets;
    try {
      if (this.#state === "open") this.onWebSocketMessage(octets, isText);
    } catch (thrown) {
      this.#failed(thrown);
    }
    this.#gate?.end();
    return this.#input.mayContinue(length);
  }

  /** The decoder is about to read a frame of a message. */
  mayBegin(octets: number, isLast: boolean): boolean {
    if (this.#gate === undefined) return true;
    const atMost = isLast ? octets : Math.max(octets, this.options.max_message_size);
    if (this.#gate.mayBegin(octets, () => this.#resume(PauseReason.memory), atMost)) return true;
    this.#input.pause(PauseReason.memory);
    return false;
  }

  /** The decoder has read the begin of a long message. */
  handleLongMessage(head: Uint8Array, octets: number, isText: boolean): MessageParts | null {
    if (this.#state !== "open" || octets > this.options.max_message_size) return null;
    const parts = this.onWebSocketLongMessage(head, octets, isText);
    if (parts !== null) this.#gate?.pass();
    return parts;
  }

  /** The last part of a long message was taken. */
  handleLongMessageEnd(): boolean {
    this.#gate?.end();
    return this.#input.mayContinue(0);
  }

  /** The decoder waits for a message to be decompressed. */
  handleInflating(done: Promise<ProtocolFault | null>): void {
    this.#input.pause(PauseReason.inflating);
    done
      .then((fault) => {
        if (fault === null) this.#resume(PauseReason.inflating);
        else this.#onFault(fault);
      })
      .catch((thrown: unknown) => this.#failed(thrown));
  }

  /** The decoder has read a ping. */
  handlePing(payload: Uint8Array): boolean {
    if (this.#state === "open" && !this.#sendFrame(FIN | Opcode.pong, payload)) {
      this.#input.pause(PauseReason.pongs);
    }
    return this.#input.mayContinue(payload.length);
  }

  /** The decoder has read a pong. */
  handlePong(payload: Uint8Array): void {
    this.#keepalive?.notePong(payload);
  }

  /** The decoder has read a close frame, which closes, or answers that of this side. */
  handleClose(code: number, reason: string): void {
    this.#closeReason ||= reason || `WebSocket closed with code ${code}`;
    this.#afterLastMessage(() => {
      if (this.#state === "open") {
        const echoed = this.options.echo_close_codereason ? reason : "";
        this.#sendClose(code === CloseCode.none ? CloseCode.normal : code, echoed);
      }
      this.#stopInput();
      // A server closes first, and a client sends nothing behind its close frame (RFC 6455, sections 5.5.1 and 7.1.1).
      if (this.role === "server") this.#writer.endIdle();
      else this.#writer.end();
    });
  }

  get #isOwedMessage(): boolean {
    return this.#state === "open" && this.isLeaving();
  }

  /** Takes a step that ends the connection, after the last message that the other side is still owed. */
  #afterLastMessage(step: () => void): void {
    if (!this.#isOwedMessage) {
      step();
      return;
    }
    this.#lastStep = step;
    this.#keepalive?.stop();
    this.#closeTimer = setTimeout(() => this.#takeLastStep(false), LAST_MESSAGE_MS);
  }

  #takeLastStep(isLeaving: boolean): void {
    const step = this.#lastStep;
    if (step === null || isLeaving) return;
    this.#lastStep = null;
    clearTimeout(this.#closeTimer);
    step();
  }

  /** The writer's queue is short again. */
  onQueueDrained(): void {
    this.#resume(PauseReason.pongs);
    try {
      this.onWebSocketDrain();
    } catch (thrown) {
      this.#failed(thrown);
    }
  }

  /** The writer gives the connection up. */
  onQueueOverflow(waiting: number, reason: string): void {
    if (this.role === "server") slowClients.cutOff += 1;
    this.#countDisconnect(CloseCode.abnormal);
    this.#owner?.log.warn("client did not read", { peer: this.#peer, waiting, reason });
    this.#closeReason ||= reason;
    this.#dropUnfinished();
  }

  /** For the keepalive. */
  get descriptor(): number | undefined {
    return this.#socket.fd;
  }

  /** Sends a ping for the keepalive. */
  ping(payload: Uint8Array): void {
    this.#sendFrame(FIN | Opcode.ping, payload);
  }

  /** A clock in milliseconds that stands still while the other side is not read. */
  get readingMs(): number {
    return this.#input.readingMs;
  }

  /** Whether the other side is not read at present. */
  isPaused(): boolean {
    return this.#input.isPaused;
  }

  /** The client did not answer a ping in time. */
  onPingTimeout(): void {
    this.#owner?.log.info("client did not answer a ping", { peer: this.#peer });
    this.#closeReason = TransportEnd.noPong;
    this.#countDisconnect(CloseCode.abnormal);
    this.#socket.terminate();
  }

  /** Sends a message, or a part of one, fragmented where it is longer than `auto_fragment_size`. */
  #sendFrames(first: number, payload: Uint8Array): boolean {
    const size = this.options.auto_fragment_size;
    if (size === 0 || payload.length <= size) return this.#sendFrame(first, payload);
    this.#sendFrame(first & ~FIN, payload.subarray(0, size));
    let at = size;
    for (; payload.length - at > size; at += size) {
      this.#sendFrame(Opcode.continuation, payload.subarray(at, at + size));
    }
    return this.#sendFrame((first & FIN) | Opcode.continuation, payload.subarray(at));
  }

  #sendFrame(first: number, payload: Uint8Array): boolean {
    if (this.role === "client") {
      const key = newMaskingKey();
      return this.#sendMaskedFrame(first, masked(payload, key), key);
    }
    const octets = writeFrameHeader(header, 0, first, payload.length);
    return this.#writer.writeFrame(header, octets, payload);
  }

  /** Sends a part of a message to a router, without a copy. */
  #sendMaskedPart(first: number, octets: Uint8Array): void {
    const key = newMaskingKey();
    maskInPlace(octets, key);
    this.#sendMaskedFrame(first, octets, key);
  }

  /** Sends a frame whose payload is masked already. */
  #sendMaskedFrame(first: number, payload: Uint8Array, key: number): boolean {
    const octets = writeMaskedFrameHeader(header, first, payload.length, key);
    return this.#writer.writeFrame(header, octets, payload);
  }

  #sendClose(code: number, reason: string): void {
    this.#state = "closing";
    this.#dropUnfinished();
    this.#keepalive?.stop();
    this.#deadline?.stop();
    const isBare = code === CloseCode.none;
    this.#sendFrame(FIN | Opcode.close, isBare ? NO_OCTETS : closePayload(code, reason));
    this.#writer.flush();
    // Reading goes on, because the close frame of the other side comes after its messages.
    this.#gate?.end();
    this.#decoder.skipMessages();
    this.#input.resumeForGood();
  }

  /** Ends the stream after what is queued; a server should, and a client may (RFC 6455, section 7.1.1). */
  #endStream(): void {
    this.#stopInput();
    this.#writer.end();
  }

  #stopInput(): void {
    this.#deadline?.stop();
    this.#gate?.end();
    this.#decoder.stop();
    this.#input.stop();
  }

  #resume(reason: number): void {
    if (!this.#input.isPausedFor(reason)) return;
    this.#keepalive?.noteResumed();
    this.#input.resume(reason);
  }

  /** Fails the connection (RFC 6455, section 7.1.7): nothing that follows is processed. */
  #onFault({ code, sentence }: ProtocolFault): void {
    if (this.#state !== "open") {
      this.#endStream();
      return;
    }
    this.#stopInput();
    if (code === CloseCode.tryAgainLater)
      this.#giveUp({ code, uri: ErrorUri.overloaded, sentence });
    else this.#fail(code, sentence);
    this.#writer.end();
  }

  #fail(code: number, sentence: string): void {
    this.#closeReason = sentence;
    this.#countDisconnect(code);
    if (this.options.fail_by_drop) this.#socket.terminate();
    else this.#sendClose(code, sentence);
  }

  #onMessageTimeout(): void {
    const sentence = `a message was not complete within ${this.options.message_timeout} ms`;
    this.#giveUp({ code: CloseCode.policyViolation, uri: ErrorUri.messageTimeout, sentence });
  }

  /** Ends a connection that keeps to the protocol and takes too much; its client is sent the reason. */
  #giveUp(end: GivenUp): void {
    if (this.#state !== "open") return;
    this.#owner?.log.warn("client given up", { peer: this.#peer, reason: end.sentence });
    try {
      this.onWebSocketGivenUp(end);
    } catch (thrown) {
      this.#failed(thrown);
    }
    this.close(end.code, end.sentence);
  }

  #countDisconnect(code: number): void {
    if (this.role === "server" && this.#state === "open") disconnects.count(code);
  }

  /** Closes a connection whose client does not read, beyond the limits of the sessions themselves. */
  #closeStalled(): void {
    if (this.role === "server") slowClients.cutOff += 1;
    this.#owner?.log.warn("client did not read", {
      peer: this.#peer,
      waiting: this.bufferedOctets,
    });
    this.close(CloseCode.policyViolation, TransportEnd.tooMuchWaits);
  }

  /** An error in one session closes its own connection and no other; without an owner the session logs it. */
  #failed(thrown: unknown): void {
    const error = sentenceOf(thrown);
    this.#owner?.log.error("session failed", { peer: this.#peer, error });
    const reason = this.#owner === undefined ? `internal error: ${error}` : "internal error";
    this.close(CloseCode.internalError, reason);
  }
}
