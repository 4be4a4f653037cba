/**
 * FrameDecoder: decodes chunks of the other side's octets into whole WebSocket messages and control frames
 * (RFC 6455, section 5). The mask is that of a client; a server sends none.
 *
 *     | FIN RSV1-3 opcode | MASK length | length 16 or 64 bits | mask 32 bits | payload |
 *
 * A message of one frame that lies within one chunk is unmasked in place and passed on as a view. The parts
 * of a fragmented one, or of one in several chunks, are collected; the memory grows with the octets
 * received, not with the announced length. A long message of one frame may be passed on part by part.
 *
 * @module
 */

import { isUtf8 } from "node:buffer";
import type { WebSocketOptions } from "#config/options/websocket-config.ts";
import { IncomingParts, SHORT_MESSAGE_OCTETS } from "#transport/endpoint/incoming-parts.ts";
import {
  type IncompleteMessage,
  MessageCollector,
  TOO_MANY_INCOMPLETE,
} from "#transport/endpoint/message-collector.ts";
import { CloseCode, type MessageParts } from "#wamp/peer.ts";
import { FIN, MASKED, Opcode, RSV1 } from "./frame-header.ts";
import { maskAt, rotated, unmask } from "./masking.ts";
import { Utf8Validator } from "./utf8-validator.ts";

/** Limits of a connection. */
export type DecoderLimits = Pick<
  WebSocketOptions,
  "max_message_size" | "max_frame_size" | "max_incomplete"
>;

/** A decompressed message, or why there is none. */
export type Inflated = Uint8Array | "malformed" | "too long";

/** Decompresses the messages of one connection. */
export interface Inflater {
  /** A long message is decompressed in another thread. */
  inflate(octets: Uint8Array, maxOctets: number): Inflated | Promise<Inflated>;
}

/** Receives the decoded messages and control frames. Payloads are borrowed until the call returns. */
export interface FrameHandler {
  /** What this side is: a server takes masked frames alone, and a client those without a mask. */
  readonly role: "server" | "client";
  /** Null where compression was not negotiated. */
  readonly codec: Inflater | null;
  /** False: the decoder halts; `push` is to be called again with the rest of the chunk. */
  handleMessage(payload: Uint8Array, isText: boolean): boolean;
  /** A message of so many octets begins with these: gives what takes all its octets, or null. */
  handleLongMessage(head: Uint8Array, octets: number, isText: boolean): MessageParts | null;
  /** The last part of a long message was taken. False: as of `handleMessage`. */
  handleLongMessageEnd(): boolean;
  /**
   * Whether a frame is to be read now, with which its message has so many octets. False: as with
   * `handleMessage`; it is not asked again for this frame.
   */
  mayBegin?(octets: number, isLast: boolean): boolean;
  handlePing(payload: Uint8Array): boolean;
  /**
   * A message is being decompressed, and the decoder has halted; `done` calls `handleMessage` or gives a
   * fault, and then the rest of the chunk can be pushed.
   */
  handleInflating(done: Promise<ProtocolFault | null>): void;
  handlePong(payload: Uint8Array): void;
  /** The other side closes, with 1005 where it named no code. Nothing follows. */
  handleClose(code: number, reason: string): void;
}

/** A violation of the protocol: code and reason of the close frame that answers it. */
export interface ProtocolFault {
  code: number;
  sentence: string;
}

const OPCODE = 0x0f;
/** Close code for invalid UTF-8 and for messages that cannot be decompressed (RFC 6455, section 7.4.1). */
const INVALID_PAYLOAD = 1007;
const MAX_HEADER_OCTETS = 14;

const NO_OCTETS = new Uint8Array(0);

/** A message of several frames, or of a frame in several chunks. */
interface BegunMessage {
  /** The first octet of its first frame. */
  first: number;
  octets: IncompleteMessage;
  /** Null: it is not text, or compressed. */
  validator: Utf8Validator | null;
}

/** The begin of a frame header that the chunk may cut off; shared, because it is read or copied at once. */
const shortHeader = new Uint8Array(MAX_HEADER_OCTETS);

/** Decodes the frames of one connection. Idle connections keep it, so it has few fields. */
export class FrameDecoder {
  readonly #limits: DecoderLimits;
  readonly #handler: FrameHandler;
  #maxMessageOctets: number;
  /** The begin of a frame header, or of a control frame's payload, that the last chunk cut off. */
  #cut: Uint8Array = NO_OCTETS;
  /** The frame whose payload is being received: its first octet, -1 for none. `#missing` octets are still to come. */
  #first = -1;
  #mask = 0;
  #missing = 0;
  #incomplete: BegunMessage | null = null;
  #isHalted = false;
  /** What is decoded. */
  #scope: "all" | "control frames" | "nothing" = "all";
  /** Octets of the last chunk that are done with. */
  position = 0;
  /**
   * Messages that were complete, and control frames outside of messages: tells an incomplete one from the
   * next. A control frame between the parts of a message does not end that message.
   */
  completed = 0;

  constructor(limits: DecoderLimits, handler: FrameHandler) {
    this.#limits = limits;
    this.#handler = handler;
    // Messages up to twice the limit are read, so that one that is too long can be answered.
    this.#maxMessageOctets = 2 * limits.max_message_size;
  }

  /** Lowers the longest message from now on; `max_message_size` stays the upper limit. */
  limitMessages(octets: number): void {
    this.#maxMessageOctets = 2 * Math.min(octets, this.#limits.max_message_size);
  }

  /**
   * Decodes a chunk, unmasking it in place, up to `position`, which is its end unless the decoder halts
   * before. Gives a violation of the protocol, or null.
   */
  push(chunk: Uint8Array): ProtocolFault | null {
    this.#isHalted = this.#scope === "nothing";
    let at = 0;
    while (at < chunk.length && !this.#isHalted) {
      if (this.#first >= 0) {
        const end = Math.min(chunk.length, at + this.#missing);
        const fault = this.#takePart(chunk, at, end);
        if (fault !== null) return fault;
        at = end;
        continue;
      }
      const next = this.#takeHeader(chunk, at);
      if (typeof next !== "number") return next;
      at = next;
    }
    this.position = this.#scope === "nothing" ? chunk.length : at;
    return null;
  }

  /** Octets of a message, or of a frame header, whose end has not arrived. */
  get incompleteOctets(): number {
    if (this.#first < 0 && this.#incomplete === null) return this.#cut.length;
    return this.#messageOctets + MAX_HEADER_OCTETS;
  }

  /** Octets so far of the message that is incomplete. */
  get #messageOctets(): number {
    return this.#incomplete === null ? 0 : this.#incomplete.octets.length;
  }

  /** Stops decoding for good. */
  stop(): void {
    this.#scope = "nothing";
    this.#isHalted = true;
    this.#incomplete?.octets.drop();
  }

  /** Skips messages from now on, without decompressing or keeping them: only a close frame matters. */
  skipMessages(): void {
    if (this.#scope === "all") this.#scope = "control frames";
    this.#incomplete?.octets.drop();
  }

  /** Reads a frame header, and the whole frame if it lies within the chunk; gives the next position. */
  #takeHeader(chunk: Uint8Array, start: number): number | ProtocolFault {
    const known = this.#cut.length;
    if (known > 0 || chunk.length - start < MAX_HEADER_OCTETS) {
      const end = Math.min(chunk.length, start + MAX_HEADER_OCTETS - known);
      shortHeader.set(this.#cut);
      shortHeader.set(chunk.subarray(start, end), known);
      const length = headerLength(shortHeader, 0, known + end - start);
      if (length < 0) {
        this.#cut = shortHeader.slice(0, known + end - start);
        return end;
      }
      this.#cut = NO_OCTETS;
      const fault = this.#readHeader(shortHeader, 0);
      if (fault !== null) return fault;
      const payloadAt = start + length - known;
      if (this.#missing === 0) return this.#emptyFrame(payloadAt);
      this.#isHalted = !this.#mayBegin();
      return payloadAt;
    }
    const fault = this.#readHeader(chunk, start);
    if (fault !== null) return fault;
    const at = start + headerLength(chunk, start, MAX_HEADER_OCTETS);
    if (this.#missing === 0) return this.#emptyFrame(at);
    if (!this.#mayBegin()) {
      this.#isHalted = true;
      return at;
    }
    const isWhole = this.#missing <= chunk.length - at;
    const isMessage = (this.#first & FIN) !== 0 && (this.#first & OPCODE) !== Opcode.continuation;
    if (isWhole && isMessage && this.#incomplete === null) {
      return this.#takeWhole(chunk, at, at + this.#missing);
    }
    return at;
  }

  /** Whether the payload behind the present header is to be read now. */
  #mayBegin(): boolean {
    const isControl = (this.#first & OPCODE) >= Opcode.close;
    if (this.#handler.mayBegin === undefined || isControl || this.#scope !== "all") return true;
    const isLast = (this.#first & FIN) !== 0;
    return this.#handler.mayBegin(this.#messageOctets + this.#missing, isLast);
  }

  #emptyFrame(at: number): number | ProtocolFault {
    return this.#frameEnded() ?? at;
  }

  /** Checks a frame header and stores its fields. */
  #readHeader(octets: Uint8Array, at: number): ProtocolFault | null {
    const first = octets[at] as number;
    const second = octets[at + 1] as number;
    const opcode = first & OPCODE;
    const isControl = opcode >= 8;
    const isFirst = opcode === Opcode.text || opcode === Opcode.binary;
    if ((first & 0x30) !== 0) return violation("reserved bits of a frame are set");
    if ((first & RSV1) !== 0 && (!isFirst || this.#handler.codec === null)) {
      return violation("a frame is marked as compressed where none may be");
    }
    if (opcode > Opcode.pong || (opcode > Opcode.binary && opcode < Opcode.close)) {
      return violation(`a frame has the unknown opcode ${opcode}`);
    }
    const isMasked = (second & MASKED) !== 0;
    if (isMasked !== (this.#handler.role === "server")) {
      return violation(`a frame is ${isMasked ? "masked by a server" : "not masked by a client"}`);
    }
    const size = second & 127;
    const length = payloadLength(octets, at, size);
    if ((size === 126 && length < 126) || (size === 127 && length < 0x10000)) {
      return violation("the length of a frame is not in its shortest form");
    }
    if (isControl && ((first & FIN) === 0 || length > 125)) {
      return violation("a control frame is fragmented or longer than 125 octets");
    }
    if (opcode === Opcode.continuation && this.#incomplete === null) {
      return violation("a continuation has nothing to continue");
    }
    if (isFirst && this.#incomplete !== null) return violation("a message begins amid another");
    if (length > Number.MAX_SAFE_INTEGER) return violation("a frame is longer than can be");
    const { max_frame_size } = this.#limits;
    if (max_frame_size > 0 && length > max_frame_size) {
      return tooBig(`the longest frame here has ${max_frame_size} octets`);
    }
    const isTooLong = this.#messageOctets + length > this.#maxMessageOctets;
    if (!isControl && isTooLong && this.#scope === "all") {
      return messageTooBig(this.#maxMessageOctets);
    }
    this.#first = first;
    this.#missing = length;
    this.#mask = isMasked ? maskAt(octets, at + 2 + lengthOctets(size)) : 0;
    return null;
  }

  /** A frame that is a whole message, or a control frame, and lies within the chunk. */
  #takeWhole(chunk: Uint8Array, start: number, end: number): number | ProtocolFault {
    const first = this.#first;
    const isControl = (first & OPCODE) >= Opcode.close;
    this.#first = -1;
    this.completed += 1;
    if (!isControl && this.#scope !== "all") return end;
    if (this.#mask !== 0) unmask(chunk, start, end, this.#mask);
    const payload = chunk.subarray(start, end);
    const fault = isControl
      ? this.#controlEnded(first & OPCODE, payload)
      : this.#messageEnded(payload, first, false);
    return fault ?? end;
  }

  /** Takes octets of a frame's payload, perhaps not the last ones. */
  #takePart(chunk: Uint8Array, start: number, end: number): ProtocolFault | null {
    const isControl = (this.#first & OPCODE) >= Opcode.close;
    const isWanted = isControl || this.#scope === "all";
    if (isWanted && this.#mask !== 0) unmask(chunk, start, end, this.#mask);
    this.#mask = rotated(this.#mask, end - start);
    this.#missing -= end - start;
    if (isControl) {
      this.#cut = Buffer.concat([this.#cut, chunk.subarray(start, end)]);
    } else {
      const fault = this.#takeMessagePart(chunk, start, end);
      if (fault !== null) return fault;
    }
    return this.#missing === 0 ? this.#frameEnded() : null;
  }

  #takeMessagePart(chunk: Uint8Array, start: number, end: number): ProtocolFault | null {
    const { octets, validator } = this.#begunMessage(end - start + this.#missing);
    if (this.#scope !== "all") return null;
    if (validator?.push(chunk, start, end) === false) return notUtf8();
    const isFinal = (this.#first & FIN) !== 0;
    // The receiver of the parts must not get the end of a text that is not UTF-8.
    if (isFinal && this.#missing === 0 && validator?.isWhole === false) return notUtf8();
    const announced = isFinal ? this.#missing : Number.POSITIVE_INFINITY;
    return octets.append(chunk, start, end, announced) ? null : TOO_MANY;
  }

  /**
   * The message of the present frame, whose payload has so many octets. It begins with the frame unless another
   * one came before.
   */
  #begunMessage(octets: number): BegunMessage {
    this.#incomplete ??= {
      first: this.#first,
      octets: this.#incompleteMessage(octets),
      validator: isPlainText(this.#first) ? new Utf8Validator() : null,
    };
    return this.#incomplete;
  }

  #incompleteMessage(octets: number): IncompleteMessage {
    const { max_incomplete } = this.#limits;
    const first = this.#first;
    const isOneFrame = (first & (FIN | RSV1)) === FIN;
    if (!isOneFrame || octets <= SHORT_MESSAGE_OCTETS) {
      return new MessageCollector(max_incomplete);
    }
    const isText = (first & OPCODE) === Opcode.text;
    return new IncomingParts(
      (head, length) => this.#handler.handleLongMessage(head, length, isText),
      max_incomplete,
    );
  }

  #frameEnded(): ProtocolFault | null {
    const first = this.#first;
    if ((first & OPCODE) >= Opcode.close) {
      const payload = this.#cut;
      this.#first = -1;
      this.#cut = NO_OCTETS;
      if (this.#incomplete === null) this.completed += 1;
      return this.#controlEnded(first & OPCODE, payload);
    }
    const message = this.#begunMessage(0);
    this.#first = -1;
    if ((first & FIN) === 0) return null;
    this.completed += 1;
    this.#incomplete = null;
    const payload = message.octets.take();
    if (this.#scope !== "all") return null;
    if (message.validator?.isWhole === false) return notUtf8();
    if (payload === null) {
      if (!this.#handler.handleLongMessageEnd()) this.#isHalted = true;
      return null;
    }
    return this.#messageEnded(payload, message.first, message.validator !== null);
  }

  #messageEnded(payload: Uint8Array, first: number, isTextValid: boolean): ProtocolFault | null {
    const isText = (first & OPCODE) === Opcode.text;
    if ((first & RSV1) !== 0) return this.#inflate(payload, isText);
    if (isText && !isTextValid && !isUtf8(payload)) return notUtf8();
    if (!this.#handler.handleMessage(payload, isText)) this.#isHalted = true;
    return null;
  }

  #inflate(payload: Uint8Array, isText: boolean): ProtocolFault | null {
    const inflated = this.#handler.codec?.inflate(payload, this.#maxMessageOctets) ?? "malformed";
    if (!(inflated instanceof Promise)) return this.#inflated(inflated, isText);
    this.#isHalted = true;
    this.#handler.handleInflating(inflated.then((message) => this.#inflated(message, isText)));
    return null;
  }

  #inflated(inflated: Inflated, isText: boolean): ProtocolFault | null {
    if (this.#scope !== "all") return null;
    if (inflated === "too long") return messageTooBig(this.#maxMessageOctets);
    if (inflated === "malformed") {
      return { code: INVALID_PAYLOAD, sentence: "a message cannot be decompressed" };
    }
    if (isText && !isUtf8(inflated)) return notUtf8();
    if (!this.#handler.handleMessage(inflated, isText)) this.#isHalted = true;
    return null;
  }

  #controlEnded(opcode: number, payload: Uint8Array): ProtocolFault | null {
    if (opcode === Opcode.ping) {
      if (!this.#handler.handlePing(payload)) this.#isHalted = true;
      return null;
    }
    if (opcode === Opcode.pong) {
      this.#handler.handlePong(payload);
      return null;
    }
    if (payload.length === 1) return violation("a close frame has half a code");
    const code =
      payload.length === 0 ? 1005 : ((payload[0] as number) << 8) | (payload[1] as number);
    if (payload.length > 0 && !isCloseCode(code)) {
      return violation(`a close frame has the code ${code}, which may not be sent`);
    }
    const reason = reasonIn(payload);
    if (reason === null) return notUtf8();
    this.stop();
    this.#handler.handleClose(code, reason);
    return null;
  }
}

/** The reason in the payload of a close frame; null: it is not UTF-8. */
function reasonIn(payload: Uint8Array): string | null {
  if (payload.length <= 2) return "";
  const octets = Buffer.from(payload.subarray(2));
  return isUtf8(octets) ? octets.toString() : null;
}

/** Length of a frame header; -1: fewer octets are known than it has. */
function headerLength(octets: Uint8Array, at: number, known: number): number {
  if (known < 2) return -1;
  const second = octets[at + 1] as number;
  const length = 2 + lengthOctets(second & 127) + ((second & MASKED) === 0 ? 0 : 4);
  return known < length ? -1 : length;
}

/** Octets of extended payload length that follow the seven bits of length. */
function lengthOctets(size: number): number {
  if (size < 126) return 0;
  return size === 126 ? 2 : 8;
}

function payloadLength(octets: Uint8Array, at: number, size: number): number {
  if (size < 126) return size;
  const end = at + 2 + lengthOctets(size);
  let length = 0;
  for (let index = at + 2; index < end; index++) length = length * 256 + (octets[index] as number);
  return length;
}

/** Whether a message with this first octet is text that can be validated as it arrives. */
function isPlainText(first: number): boolean {
  return (first & (RSV1 | OPCODE)) === Opcode.text;
}

/** Whether a code may be sent in a close frame (RFC 6455, section 7.4). */
function isCloseCode(code: number): boolean {
  if (code >= 3000) return code <= 4999;
  return code >= 1000 && code <= 1014 && code !== 1004 && code !== 1005 && code !== 1006;
}

function violation(sentence: string): ProtocolFault {
  return { code: CloseCode.protocolError, sentence };
}

const TOO_MANY: ProtocolFault = {
  code: CloseCode.tryAgainLater,
  sentence: TOO_MANY_INCOMPLETE,
};

function messageTooBig(octets: number): ProtocolFault {
  return tooBig(`the longest message here has ${octets} octets`);
}

function tooBig(sentence: string): ProtocolFault {
  return { code: CloseCode.messageTooBig, sentence };
}

function notUtf8(): ProtocolFault {
  return { code: INVALID_PAYLOAD, sentence: "a text is not UTF-8" };
}
