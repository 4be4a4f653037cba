/**
 * FrameReader: cuts chunks of octets into whole RawSocket frames.
 *
 * @module
 */

import { IncomingParts, SHORT_MESSAGE_OCTETS } from "#transport/endpoint/incoming-parts.ts";
import {
  type IncompleteMessage,
  MessageCollector,
  TOO_MANY_INCOMPLETE,
} from "#transport/endpoint/message-collector.ts";
import type { MessageParts } from "#wamp/peer.ts";
import {
  FRAME_HEADER_OCTETS,
  FrameType,
  type FrameTypeNumber,
  MAX_FRAME_OCTETS,
} from "./frame-header.ts";

const NO_OCTETS = new Uint8Array(0);

/** Receives the frames. */
export interface FrameHandler {
  /**
   * Takes one frame; its payload is borrowed. False: the reader halts; `push` is to be called again with
   * the rest of the chunk.
   */
  takeFrame(type: FrameTypeNumber, payload: Uint8Array): boolean;
  /** A message of so many octets begins with these: gives what takes all its octets, or null. */
  beginLongMessage(head: Uint8Array, octets: number): MessageParts | null;
  /** The last part of a long message was taken. False: as of `takeFrame`. */
  endLongMessage(): boolean;
  /** Whether a frame with a payload of so many octets is to be read now. False: as with `takeFrame`. */
  mayBegin(octets: number): boolean;
}

/**
 * Cuts a stream into frames. A frame that lies within one chunk is passed on as a view. The parts of a frame
 * in several chunks are collected; the memory grows with the octets received, not with the announced length. A
 * long message may be passed on part by part.
 */
export class FrameReader {
  readonly #longestOctets: number;
  #maxOctets: number;
  readonly #maxIncompleteOctets: number;
  /** The header of the frame that is incomplete, as far as it has arrived: its octets as one number. */
  #header = 0;
  #headerOctets = 0;
  /** Undefined: none of its payload has arrived. */
  #payload: IncompleteMessage | undefined;
  /** Octets of the last chunk that are done with. */
  position = 0;
  /** Frames that were complete; tells an incomplete one from the next. */
  completed = 0;

  /**
   * `maxOctets`: the longest payload. `maxIncompleteOctets`: what the incomplete messages of the process may
   * hold when a frame here grows.
   */
  constructor(maxOctets: number, maxIncompleteOctets = Number.POSITIVE_INFINITY) {
    this.#longestOctets = Math.min(maxOctets, MAX_FRAME_OCTETS);
    this.#maxOctets = this.#longestOctets;
    this.#maxIncompleteOctets = maxIncompleteOctets;
  }

  /** Sets the longest payload from now on, up to that of the beginning. */
  limitPayloads(maxOctets: number): void {
    this.#maxOctets = Math.min(maxOctets, this.#longestOctets);
  }

  /** Octets of a frame whose end has not arrived. */
  get incompleteOctets(): number {
    return this.#headerOctets + this.#payloadOctets;
  }

  /**
   * Reads a chunk up to `position`, which is its end unless the reader halts before. Gives a sentence about
   * a violation of the protocol, or null.
   */
  push(chunk: Uint8Array, handler: FrameHandler): string | null {
    this.position = chunk.length;
    let at = 0;
    if (this.#headerOctets > 0) {
      at = this.#collectHeader(chunk, 0);
      if (this.#headerOctets < FRAME_HEADER_OCTETS) return null;
      const length = this.#header & MAX_FRAME_OCTETS;
      const missing = length - this.#payloadOctets;
      const violation = this.#fault(this.#header >>> 24, length);
      if (violation !== null) return violation;
      if (!handler.mayBegin(length)) return this.#haltAt(at);
      const fault = this.#collect(chunk, at, missing, handler);
      if (fault !== null) return fault;
      at = Math.min(chunk.length, at + missing);
      if (this.#payloadOctets < length) return null;
      if (!this.#takePartial(handler)) return this.#haltAt(at);
    }
    while (chunk.length - at >= FRAME_HEADER_OCTETS) {
      const length = lengthAt(chunk, at);
      const fault = this.#fault(chunk[at] as number, length);
      if (fault !== null) return fault;
      if (!handler.mayBegin(length)) return this.#haltAt(at);
      const start = at + FRAME_HEADER_OCTETS;
      const end = start + length;
      if (end > chunk.length) break;
      this.completed += 1;
      const type = chunk[at] as FrameTypeNumber;
      at = end;
      if (!handler.takeFrame(type, chunk.subarray(start, end))) return this.#haltAt(at);
    }
    if (at === chunk.length) return null;
    at = this.#collectHeader(chunk, at);
    if (this.#headerOctets < FRAME_HEADER_OCTETS) return null;
    return this.#collect(chunk, at, this.#header & MAX_FRAME_OCTETS, handler);
  }

  /** Discards what was collected. */
  drop(): void {
    this.#headerOctets = 0;
    this.#payload?.drop();
    this.#payload = undefined;
  }

  get #payloadOctets(): number {
    return this.#payload === undefined ? 0 : this.#payload.length;
  }

  #haltAt(at: number): null {
    this.position = at;
    return null;
  }

  /** Completes the header as far as the chunk goes; gives the next position in the chunk. */
  #collectHeader(chunk: Uint8Array, start: number): number {
    let at = start;
    while (this.#headerOctets < FRAME_HEADER_OCTETS && at < chunk.length) {
      this.#header = (this.#header << 8) | (chunk[at++] as number);
      this.#headerOctets += 1;
    }
    return at;
  }

  /** Collects the payload as far as the chunk goes; `missing` octets of it are still to come. */
  #collect(
    chunk: Uint8Array,
    start: number,
    missing: number,
    handler: FrameHandler,
  ): string | null {
    const octets = Math.min(missing, chunk.length - start);
    if (octets === 0) return null;
    this.#payload ??= this.#incompleteMessage(handler);
    const isTaken = this.#payload.append(chunk, start, start + octets, missing - octets);
    return isTaken ? null : TOO_MANY_INCOMPLETE;
  }

  /** For the payload of the present frame. */
  #incompleteMessage(handler: FrameHandler): IncompleteMessage {
    const length = this.#header & MAX_FRAME_OCTETS;
    const isLong = length > SHORT_MESSAGE_OCTETS && this.#header >>> 24 === FrameType.message;
    return isLong
      ? new IncomingParts(
          (head, octets) => handler.beginLongMessage(head, octets),
          this.#maxIncompleteOctets,
        )
      : new MessageCollector(this.#maxIncompleteOctets);
  }

  #takePartial(handler: FrameHandler): boolean {
    const type = (this.#header >>> 24) as FrameTypeNumber;
    const payload = this.#payload === undefined ? NO_OCTETS : this.#payload.take();
    this.completed += 1;
    this.#headerOctets = 0;
    this.#payload = undefined;
    return payload === null ? handler.endLongMessage() : handler.takeFrame(type, payload);
  }

  /** What forbids a frame with this first octet and this length; null: nothing. */
  #fault(first: number, length: number): string | null {
    if (first > 0b111) return "reserved bits of a frame are set";
    if (first > FrameType.pong) return `frame type ${first} is unknown`;
    if (length > this.#maxOctets) {
      return `a frame of ${length} octets is longer than the ${this.#maxOctets} taken`;
    }
    return null;
  }
}

function lengthAt(octets: Uint8Array, at: number): number {
  return (
    ((octets[at + 1] as number) << 16) |
    ((octets[at + 2] as number) << 8) |
    (octets[at + 3] as number)
  );
}
