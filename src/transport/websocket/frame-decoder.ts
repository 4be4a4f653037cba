/**
 * FrameDecoder: decodes chunks of a client's octets into whole WebSocket messages and control frames
 * (RFC 6455, section 5).
 *
 *     | FIN RSV1-3 opcode | MASK length | length 16 or 64 bits | mask 32 bits | payload |
 *
 * A message of one frame that lies within one chunk is unmasked in place and passed on as a view. The parts
 * of a fragmented one, or of one in several chunks, are collected; the memory grows with the octets
 * received, not with the announced length.
 *
 * @module
 */

import { isUtf8 } from "node:buffer";
import {
  MessageCollector,
  mayGrow,
  TOO_MANY_INCOMPLETE,
} from "#transport/endpoint/message-collector.ts";
import { CloseCode } from "#wamp/peer.ts";
import { FIN, Opcode, RSV1 } from "./frame-header.ts";
import { Utf8Validator } from "./utf8-validator.ts";

/** Limits of a connection; sizes are octets. */
export interface DecoderLimits {
  /** Longest message, decompressed. */
  maxMessageOctets: number;
  /** Longest payload of one frame; Infinity for any. */
  maxFrameOctets: number;
  /** Decompresses messages; null where compression was not negotiated. */
  inflater: Inflater | null;
  /** Octets that the incomplete messages of the process may hold when this connection's grows; absent: any. */
  maxIncompleteOctets?: number;
}

/** A decompressed message, or why there is none. */
export type Inflated = Uint8Array | "malformed" | "too long";

/** Decompresses the messages of one connection. */
export interface Inflater {
  /** A long message is decompressed in another thread. */
  inflate(octets: Uint8Array, maxOctets: number): Inflated | Promise<Inflated>;
}

/** Receives the decoded messages and control frames. Payloads are borrowed until the call returns. */
export interface FrameHandler {
  /** False: the decoder halts; `push` is to be called again with the rest of the chunk. */
  handleMessage(payload: Uint8Array, isText: boolean): boolean;
  handlePing(payload: Uint8Array): boolean;
  /**
   * A message is being decompressed, and the decoder has halted; `done` calls `handleMessage` or gives a
   * fault, and then the rest of the chunk can be pushed.
   */
  handleInflating(done: Promise<ProtocolFault | null>): void;
  handlePong(payload: Uint8Array): void;
  /** The client closes, with 1005 where it named no code. Nothing follows. */
  handleClose(code: number, reason: string): void;
}

/** A violation of the protocol: code and reason of the close frame that answers it. */
export interface ProtocolFault {
  code: number;
  sentence: string;
}

const MASKED = 0x80;
/** Close code for invalid UTF-8 and for messages that cannot be decompressed (RFC 6455, section 7.4.1). */
const INVALID_PAYLOAD = 1007;
const MAX_HEADER_OCTETS = 14;

const NO_OCTETS = new Uint8Array(0);

/** Decodes the frames of one client. */
export class FrameDecoder {
  /** The connection may change them at any time. */
  readonly #limits: Readonly<DecoderLimits>;
  readonly #handler: FrameHandler;
  /** The begin of a frame header that the last chunk cut off. */
  #header = NO_OCTETS;
  #headerOctets = 0;
  /** The frame whose payload is being received; `#missing` octets of it are still to come. */
  #opcode = -1;
  #isFinal = false;
  #mask = 0;
  #maskPhase = 0;
  #missing = 0;
  /** The message and the control frame that are being received. */
  readonly #message = new MessageCollector();
  #messageOctets = 0;
  #messageOpcode = 0;
  #isCompressed = false;
  #control = NO_OCTETS;
  #controlOctets = 0;
  #validator: Utf8Validator | undefined;
  #isHalted = false;
  #isStopped = false;
  /** Messages are skipped, only control frames are handled. */
  #skipsMessages = false;
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
  }

  /**
   * Decodes a chunk, unmasking it in place, up to `position`, which is its end unless the decoder halts
   * before. Gives a violation of the protocol, or null.
   */
  push(chunk: Uint8Array): ProtocolFault | null {
    this.#isHalted = this.#isStopped;
    let at = 0;
    while (at < chunk.length && !this.#isHalted) {
      if (this.#opcode >= 0) {
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
    this.position = this.#isStopped ? chunk.length : at;
    return null;
  }

  /** Octets of a message, or of a frame header, whose end has not arrived. */
  get incompleteOctets(): number {
    if (this.#opcode >= 0 || this.#messageOpcode !== 0)
      return this.#messageOctets + MAX_HEADER_OCTETS;
    return this.#headerOctets;
  }

  /** Stops decoding for good. */
  stop(): void {
    this.#isStopped = true;
    this.#isHalted = true;
    this.#message.drop();
  }

  /** Skips messages from now on, without decompressing or keeping them: only a close frame matters. */
  skipMessages(): void {
    this.#skipsMessages = true;
    this.#message.drop();
  }

  /** Reads a frame header, and the whole frame if it lies within the chunk; gives the next position. */
  #takeHeader(chunk: Uint8Array, start: number): number | ProtocolFault {
    let octets = chunk;
    let at = start;
    if (this.#headerOctets > 0 || chunk.length - start < MAX_HEADER_OCTETS) {
      // The header may be cut off by the end of the chunk, so it is copied first.
      const known = this.#headerOctets;
      const wanted = Math.min(MAX_HEADER_OCTETS - known, chunk.length - start);
      if (this.#header.length === 0) this.#header = new Uint8Array(MAX_HEADER_OCTETS);
      this.#header.set(chunk.subarray(start, start + wanted), known);
      this.#headerOctets = known + wanted;
      const length = headerLength(this.#header, 0, this.#headerOctets);
      if (length < 0) return start + wanted;
      octets = this.#header;
      at = 0;
      this.#headerOctets = 0;
      const fault = this.#readHeader(octets, at);
      if (fault !== null) return fault;
      const payloadAt = start + length - known;
      return this.#missing === 0 ? this.#emptyFrame(payloadAt) : payloadAt;
    }
    const fault = this.#readHeader(octets, at);
    if (fault !== null) return fault;
    at += headerLength(octets, start, MAX_HEADER_OCTETS);
    if (this.#missing === 0) return this.#emptyFrame(at);
    const isWhole = this.#missing <= chunk.length - at;
    if (
      isWhole &&
      this.#isFinal &&
      this.#opcode !== Opcode.continuation &&
      this.#messageOpcode === 0
    ) {
      return this.#takeWhole(chunk, at, at + this.#missing);
    }
    return at;
  }

  #emptyFrame(at: number): number | ProtocolFault {
    return this.#frameEnded() ?? at;
  }

  /** Checks a frame header and stores its fields. */
  #readHeader(octets: Uint8Array, at: number): ProtocolFault | null {
    const first = octets[at] as number;
    const second = octets[at + 1] as number;
    const opcode = first & 15;
    const isControl = opcode >= 8;
    const isFirst = opcode === Opcode.text || opcode === Opcode.binary;
    if ((first & 0x30) !== 0) return violation("reserved bits of a frame are set");
    if ((first & RSV1) !== 0 && (!isFirst || this.#limits.inflater === null)) {
      return violation("a frame is marked as compressed where none may be");
    }
    if (opcode > Opcode.pong || (opcode > Opcode.binary && opcode < Opcode.close)) {
      return violation(`a frame has the unknown opcode ${opcode}`);
    }
    if ((second & MASKED) === 0) return violation("a frame of a client is not masked");
    const size = second & 127;
    const length = payloadLength(octets, at, size);
    if ((size === 126 && length < 126) || (size === 127 && length < 0x10000)) {
      return violation("the length of a frame is not in its shortest form");
    }
    if (isControl && ((first & FIN) === 0 || length > 125)) {
      return violation("a control frame is fragmented or longer than 125 octets");
    }
    if (opcode === Opcode.continuation && this.#messageOpcode === 0) {
      return violation("a continuation has nothing to continue");
    }
    if (isFirst && this.#messageOpcode !== 0) return violation("a message begins amid another");
    if (length > Number.MAX_SAFE_INTEGER) return violation("a frame is longer than can be");
    if (length > this.#limits.maxFrameOctets) {
      return tooBig(`the longest frame here has ${this.#limits.maxFrameOctets} octets`);
    }
    const isTooLong = this.#messageOctets + length > this.#limits.maxMessageOctets;
    if (!isControl && isTooLong && !this.#skipsMessages) {
      return messageTooBig(this.#limits.maxMessageOctets);
    }
    this.#opcode = opcode;
    this.#isFinal = (first & FIN) !== 0;
    this.#missing = length;
    this.#mask = maskAt(octets, at + 2 + lengthOctets(size));
    this.#maskPhase = 0;
    if (isFirst) this.#isCompressed = (first & RSV1) !== 0;
    return null;
  }

  /** A frame that is a whole message, or a control frame, and lies within the chunk. */
  #takeWhole(chunk: Uint8Array, start: number, end: number): number | ProtocolFault {
    const opcode = this.#opcode;
    this.#opcode = -1;
    this.completed += 1;
    if (this.#skipsMessages && opcode < Opcode.close) return end;
    unmask(chunk, start, end, this.#mask, 0);
    const payload = chunk.subarray(start, end);
    const fault =
      opcode >= Opcode.close
        ? this.#controlEnded(opcode, payload)
        : this.#messageEnded(payload, opcode === Opcode.text, false);
    return fault ?? end;
  }

  /** Takes octets of a frame's payload, perhaps not the last ones. */
  #takePart(chunk: Uint8Array, start: number, end: number): ProtocolFault | null {
    const isSkipped = this.#skipsMessages && this.#opcode < Opcode.close;
    if (!isSkipped) unmask(chunk, start, end, this.#mask, this.#maskPhase);
    this.#maskPhase = (this.#maskPhase + end - start) & 3;
    this.#missing -= end - start;
    if (this.#opcode >= Opcode.close) {
      if (this.#control.length === 0) this.#control = new Uint8Array(125);
      this.#control.set(chunk.subarray(start, end), this.#controlOctets);
      this.#controlOctets += end - start;
    } else {
      const fault = this.#takeMessagePart(chunk, start, end);
      if (fault !== null) return fault;
    }
    return this.#missing === 0 ? this.#frameEnded() : null;
  }

  #takeMessagePart(chunk: Uint8Array, start: number, end: number): ProtocolFault | null {
    this.#beginMessage();
    if (this.#skipsMessages) return null;
    if (!this.#checkText(chunk, start, end)) return notUtf8();
    this.#messageOctets += end - start;
    const { maxIncompleteOctets = Number.POSITIVE_INFINITY } = this.#limits;
    if (!mayGrow(end - start, this.#messageOctets, maxIncompleteOctets)) return TOO_MANY;
    const announced = this.#isFinal ? this.#missing : Number.POSITIVE_INFINITY;
    this.#message.append(chunk, start, end, announced);
    return null;
  }

  #beginMessage(): void {
    if (this.#opcode === Opcode.continuation) return;
    if (this.#messageOpcode !== 0) return;
    this.#messageOpcode = this.#opcode;
    this.#validator?.reset();
  }

  #checkText(chunk: Uint8Array, start: number, end: number): boolean {
    if (this.#messageOpcode !== Opcode.text || this.#isCompressed) return true;
    this.#validator ??= new Utf8Validator();
    return this.#validator.push(chunk, start, end);
  }

  #frameEnded(): ProtocolFault | null {
    const opcode = this.#opcode;
    this.#opcode = -1;
    if (opcode >= Opcode.close) {
      const payload = this.#control.subarray(0, this.#controlOctets);
      this.#controlOctets = 0;
      if (this.#messageOpcode === 0) this.completed += 1;
      return this.#controlEnded(opcode, payload);
    }
    if (this.#messageOpcode === 0) {
      this.#messageOpcode = opcode;
      this.#validator?.reset();
    }
    if (!this.#isFinal) return null;
    this.completed += 1;
    const payload = this.#message.take();
    const isText = this.#messageOpcode === Opcode.text;
    this.#messageOctets = 0;
    this.#messageOpcode = 0;
    if (this.#skipsMessages) return null;
    if (isText && !this.#isCompressed && this.#validator?.isWhole === false) return notUtf8();
    return this.#messageEnded(payload, isText, !this.#isCompressed);
  }

  #messageEnded(payload: Uint8Array, isText: boolean, isTextValid: boolean): ProtocolFault | null {
    if (this.#isCompressed) return this.#inflate(payload, isText);
    if (isText && !isTextValid && !isUtf8(payload)) return notUtf8();
    if (!this.#handler.handleMessage(payload, isText)) this.#isHalted = true;
    return null;
  }

  #inflate(payload: Uint8Array, isText: boolean): ProtocolFault | null {
    this.#isCompressed = false;
    const { inflater, maxMessageOctets } = this.#limits;
    const inflated = inflater?.inflate(payload, maxMessageOctets) ?? "malformed";
    if (!(inflated instanceof Promise)) return this.#inflated(inflated, isText);
    this.#isHalted = true;
    this.#handler.handleInflating(inflated.then((message) => this.#inflated(message, isText)));
    return null;
  }

  #inflated(inflated: Inflated, isText: boolean): ProtocolFault | null {
    if (this.#isStopped || this.#skipsMessages) return null;
    if (inflated === "too long") return messageTooBig(this.#limits.maxMessageOctets);
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
    const reason = Buffer.from(payload.subarray(2));
    if (!isUtf8(reason)) return notUtf8();
    this.stop();
    this.#handler.handleClose(code, reason.toString());
    return null;
  }
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

/** The four octets of the masking key as one big-endian number. */
function maskAt(octets: Uint8Array, at: number): number {
  return (
    ((octets[at] as number) << 24) |
    ((octets[at + 1] as number) << 16) |
    ((octets[at + 2] as number) << 8) |
    (octets[at + 3] as number)
  );
}

/** From this length on a DataView is faster. */
const LONG_PAYLOAD = 64;

/** Unmasks in place, beginning with octet number `phase` of the masking key. */
function unmask(octets: Uint8Array, start: number, end: number, mask: number, phase: number): void {
  // Shift counts are modulo 32, so a phase of 0 needs a case of its own.
  const key = (mask << (8 * phase)) | (phase === 0 ? 0 : mask >>> (32 - 8 * phase));
  let at = start;
  if (end - start >= LONG_PAYLOAD) {
    const view = new DataView(octets.buffer, octets.byteOffset, octets.length);
    for (; at <= end - 4; at += 4) view.setInt32(at, view.getInt32(at) ^ key);
  }
  const [first, second, third, fourth] = [
    key >>> 24,
    (key >>> 16) & 255,
    (key >>> 8) & 255,
    key & 255,
  ];
  for (; at <= end - 4; at += 4) {
    octets[at] = (octets[at] as number) ^ first;
    octets[at + 1] = (octets[at + 1] as number) ^ second;
    octets[at + 2] = (octets[at + 2] as number) ^ third;
    octets[at + 3] = (octets[at + 3] as number) ^ fourth;
  }
  if (at < end) octets[at] = (octets[at++] as number) ^ first;
  if (at < end) octets[at] = (octets[at++] as number) ^ second;
  if (at < end) octets[at] = (octets[at] as number) ^ third;
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
