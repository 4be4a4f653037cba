/**
 * FrameReader: cuts chunks of octets into whole RawSocket frames.
 *
 * @module
 */

import {
  MessageCollector,
  mayGrow,
  TOO_MANY_INCOMPLETE,
} from "#transport/endpoint/message-collector.ts";
import {
  FRAME_HEADER_OCTETS,
  FrameType,
  type FrameTypeNumber,
  MAX_FRAME_OCTETS,
} from "./frame-header.ts";

/** Receives the frames. */
export interface FrameHandler {
  /**
   * Takes one frame; its payload is borrowed. False: the reader halts; `push` is to be called again with
   * the rest of the chunk.
   */
  takeFrame(type: FrameTypeNumber, payload: Uint8Array): boolean;
  /** Whether a frame with a payload of so many octets is to be read now. False: as with `takeFrame`. */
  mayBegin(octets: number): boolean;
}

/**
 * Cuts a stream into frames. A frame that lies within one chunk is passed on as a view. The parts of a frame
 * in several chunks are collected; the memory grows with the octets received, not with the announced length.
 */
export class FrameReader {
  #maxOctets: number;
  readonly #maxIncompleteOctets: number;
  readonly #header = new Uint8Array(FRAME_HEADER_OCTETS);
  #headerOctets = 0;
  readonly #partial = new MessageCollector();
  /** Octets of the last chunk that are done with. */
  position = 0;
  /** Frames that were complete; tells an incomplete one from the next. */
  completed = 0;

  /**
   * `maxOctets`: the longest payload. `maxIncompleteOctets`: what the incomplete messages of the process may
   * hold when a frame here grows.
   */
  constructor(maxOctets: number, maxIncompleteOctets = Number.POSITIVE_INFINITY) {
    this.#maxOctets = Math.min(maxOctets, MAX_FRAME_OCTETS);
    this.#maxIncompleteOctets = maxIncompleteOctets;
  }

  /** Sets the longest payload from now on. */
  limitPayloads(maxOctets: number): void {
    this.#maxOctets = Math.min(maxOctets, MAX_FRAME_OCTETS);
  }

  /** Octets of a frame whose end has not arrived. */
  get incompleteOctets(): number {
    return this.#headerOctets + this.#partial.length;
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
      const missing = lengthAt(this.#header, 0) - this.#partial.length;
      const violation = this.#fault(this.#header, 0);
      if (violation !== null) return violation;
      if (!handler.mayBegin(lengthAt(this.#header, 0))) return this.#haltAt(at);
      const fault = this.#collect(chunk, at, missing);
      if (fault !== null) return fault;
      at = Math.min(chunk.length, at + missing);
      if (this.#partial.length < lengthAt(this.#header, 0)) return null;
      if (!this.#takePartial(handler)) return this.#haltAt(at);
    }
    while (chunk.length - at >= FRAME_HEADER_OCTETS) {
      const fault = this.#fault(chunk, at);
      if (fault !== null) return fault;
      if (!handler.mayBegin(lengthAt(chunk, at))) return this.#haltAt(at);
      const start = at + FRAME_HEADER_OCTETS;
      const end = start + lengthAt(chunk, at);
      if (end > chunk.length) break;
      this.completed += 1;
      const type = chunk[at] as FrameTypeNumber;
      at = end;
      if (!handler.takeFrame(type, chunk.subarray(start, end))) return this.#haltAt(at);
    }
    if (at === chunk.length) return null;
    at = this.#collectHeader(chunk, at);
    if (this.#headerOctets < FRAME_HEADER_OCTETS) return null;
    return this.#collect(chunk, at, lengthAt(this.#header, 0));
  }

  /** Discards what was collected. */
  drop(): void {
    this.#headerOctets = 0;
    this.#partial.drop();
  }

  #haltAt(at: number): null {
    this.position = at;
    return null;
  }

  /** Completes the header as far as the chunk goes; gives the next position in the chunk. */
  #collectHeader(chunk: Uint8Array, start: number): number {
    let at = start;
    while (this.#headerOctets < FRAME_HEADER_OCTETS && at < chunk.length) {
      this.#header[this.#headerOctets++] = chunk[at++] as number;
    }
    return at;
  }

  /** Collects the payload as far as the chunk goes; `missing` octets of it are still to come. */
  #collect(chunk: Uint8Array, start: number, missing: number): string | null {
    const octets = Math.min(missing, chunk.length - start);
    const length = this.#partial.length + octets;
    if (!mayGrow(octets, length, this.#maxIncompleteOctets)) return TOO_MANY_INCOMPLETE;
    if (octets > 0) this.#partial.append(chunk, start, start + octets, missing - octets);
    return null;
  }

  #takePartial(handler: FrameHandler): boolean {
    const type = this.#header[0] as FrameTypeNumber;
    this.completed += 1;
    this.#headerOctets = 0;
    return handler.takeFrame(type, this.#partial.take());
  }

  #fault(octets: Uint8Array, at: number): string | null {
    const first = octets[at] as number;
    if (first > 0b111) return "reserved bits of a frame are set";
    if (first > FrameType.pong) return `frame type ${first} is unknown`;
    const length = lengthAt(octets, at);
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
