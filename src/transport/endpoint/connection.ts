/**
 * One accepted connection: what it needs of Bun's socket, and what it is told of it.
 *
 * @module
 */

import type { WritableSocket } from "./socket-writer.ts";

/** What a connection uses of a Bun socket, whether it was accepted or connected. */
export interface ConnectionSocket extends WritableSocket {
  write(octets: Uint8Array, offset?: number, length?: number): number;
  end(): void;
  pause(): void;
  resume(): void;
}

/** The events of one connection's socket; a connection that is handed over changes who takes them. */
export interface ConnectionEvents {
  received(chunk: Uint8Array): void;
  /** The socket is writable again. */
  drained(): void;
  /** The other side sends nothing more; this side may. */
  ended(): void;
  closed(error: Error | undefined): void;
}
