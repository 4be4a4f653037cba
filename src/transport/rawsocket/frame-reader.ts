/**
 * FrameReader: cuts chunks of octets into whole RawSocket frames.
 *
 * @module
 */

import { FRAME_HEADER_OCTETS, FrameType, type FrameTypeNumber, MAX_FRAME_OCTETS } from "./frame.ts";

/** A buffer up to this size is kept for the next frame that comes in several chunks. */
const KEPT_BUFFER_OCTETS = 64 * 1024;

/** The buffer of an idle connection. */
const NO_BUFFER = new Uint8Array(0);

/** Receives the frames. */
export interface FrameHandler {
  /** Takes one frame; its payload is borrowed. False: the reader stops. */
  takeFrame(type: FrameTypeNumber, payload: Uint8Array): boolean;
}

/**
 * Cuts a stream into frames. A frame that lies within one chunk is passed on as a view; a frame in several
 * chunks is joined in a buffer that grows with the octets received, not with the announced length.
 */
export class FrameReader {
  #maxOctets: number;
  #partial = NO_BUFFER;
  #partialOctets = 0;

  /** `maxOctets`: the longest payload. */
  constructor(maxOctets: number) {
    this.#maxOctets = Math.min(maxOctets, MAX_FRAME_OCTETS);
  }

  /** Sets the longest payload from now on. */
  limitPayloads(maxOctets: number): void {
    this.#maxOctets = Math.min(maxOctets, MAX_FRAME_OCTETS);
  }

  /** Reads a chunk. Gives a sentence about a violation of the protocol, or null. */
  push(chunk: Uint8Array, handler: FrameHandler): string | null {
    let at = 0;
    if (this.#partialOctets > 0) {
      at = this.#complete(chunk, 0, FRAME_HEADER_OCTETS);
      if (this.#partialOctets < FRAME_HEADER_OCTETS) return null;
      const fault = this.#fault(this.#partial, 0);
      if (fault !== null) return fault;
      const end = FRAME_HEADER_OCTETS + lengthAt(this.#partial, 0);
      at = this.#complete(chunk, at, end);
      if (this.#partialOctets < end) return null;
      if (!this.#takePartial(end, handler)) return null;
    }
    while (chunk.length - at >= FRAME_HEADER_OCTETS) {
      const fault = this.#fault(chunk, at);
      if (fault !== null) return fault;
      const start = at + FRAME_HEADER_OCTETS;
      const end = start + lengthAt(chunk, at);
      if (end > chunk.length) break;
      if (!handler.takeFrame(chunk[at] as FrameTypeNumber, chunk.subarray(start, end))) return null;
      at = end;
    }
    if (at < chunk.length) this.#complete(chunk, at, FRAME_HEADER_OCTETS + this.#maxOctets);
    return null;
  }

  /** Appends to the partial frame until it has `wanted` octets; gives the next position in the chunk. */
  #complete(chunk: Uint8Array, at: number, wanted: number): number {
    const end = Math.min(chunk.length, at + Math.max(0, wanted - this.#partialOctets));
    const needed = this.#partialOctets + end - at;
    if (needed > this.#partial.length) {
      const grown = new Uint8Array(Math.max(needed, Math.min(2 * this.#partial.length, wanted)));
      grown.set(this.#partial.subarray(0, this.#partialOctets));
      this.#partial = grown;
    }
    this.#partial.set(chunk.subarray(at, end), this.#partialOctets);
    this.#partialOctets = needed;
    return end;
  }

  #takePartial(end: number, handler: FrameHandler): boolean {
    const frame = this.#partial;
    this.#partialOctets = 0;
    if (frame.length > KEPT_BUFFER_OCTETS) this.#partial = NO_BUFFER;
    return handler.takeFrame(frame[0] as FrameTypeNumber, frame.subarray(FRAME_HEADER_OCTETS, end));
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
