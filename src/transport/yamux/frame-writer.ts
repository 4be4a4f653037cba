/**
 * FrameWriter: gathers the frames of all streams of one connection, so that one write carries those of one turn
 * of the event loop.
 *
 * Its buffer is the only place where octets wait for the connection. A frame is taken only if it fits, so a
 * stream whose frame is not taken keeps its octets, and slows down its own sender alone.
 *
 * @module
 */

import type { ConnectionSocket } from "#transport/endpoint/connection.ts";
import { FRAME_HEADER_OCTETS, FrameType, writeFrameHeader } from "./frame-header.ts";

const BUFFER_OCTETS = 256 * 1024;

/** Left for frames without a payload, which matter more. */
const RESERVED_OCTETS = 16 * 1024;

/** The most that one stream sends at once: the others come between its frames. */
const MAX_PAYLOAD_OCTETS = 64 * 1024;

/** Writes frames to one socket. */
export class FrameWriter {
  readonly #socket: ConnectionSocket;
  readonly #buffer = Buffer.allocUnsafeSlow(BUFFER_OCTETS);
  /** Octets that are gathered. */
  #length = 0;
  /** The system did not take all; `drained` follows. */
  #isBlocked = false;

  constructor(socket: ConnectionSocket) {
    this.#socket = socket;
  }

  /** Whether nothing waits. */
  get isEmpty(): boolean {
    return this.#length === 0;
  }

  /** Takes the begin of some octets as one data frame; gives the number of octets taken. */
  data(stream: number, flags: number, octets: Uint8Array, offset: number, length: number): number {
    const wanted = Math.min(length, MAX_PAYLOAD_OCTETS);
    if (this.#free < wanted + FRAME_HEADER_OCTETS + RESERVED_OCTETS) this.flush();
    const space = this.#free - FRAME_HEADER_OCTETS - RESERVED_OCTETS;
    const taken = Math.min(wanted, space);
    if (taken <= 0) return 0;
    this.#header(FrameType.data, flags, stream, taken);
    this.#buffer.set(octets.subarray(offset, offset + taken), this.#length);
    this.#length += taken;
    return taken;
  }

  /** Takes a frame without a payload; false: there is no room. */
  control(type: number, flags: number, stream: number, length: number): boolean {
    if (this.#free < FRAME_HEADER_OCTETS) this.flush();
    if (this.#free < FRAME_HEADER_OCTETS) return false;
    this.#header(type, flags, stream, length);
    return true;
  }

  /** Writes what the system takes. */
  flush(): void {
    if (this.#isBlocked || this.isEmpty) return;
    // Negative when the connection takes nothing any more: then it is closed soon, and its streams with it.
    const written = Math.max(0, this.#socket.write(this.#buffer, 0, this.#length));
    this.#isBlocked = written < this.#length;
    if (this.#isBlocked) this.#buffer.copyWithin(0, written, this.#length);
    this.#length -= written;
  }

  /** The socket is writable again. */
  drained(): void {
    this.#isBlocked = false;
    this.flush();
  }

  get #free(): number {
    return BUFFER_OCTETS - this.#length;
  }

  #header(type: number, flags: number, stream: number, length: number): void {
    writeFrameHeader(this.#buffer, this.#length, type, flags, stream, length);
    this.#length += FRAME_HEADER_OCTETS;
  }
}
