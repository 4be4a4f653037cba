/**
 * Normalized options of RawSocket.
 *
 * @module
 */

import type {
  BufferOptions,
  IncompleteMessageOptions,
  KeepaliveOptions,
  SessionEndOptions,
} from "./session-config.ts";

/** Options of a RawSocket transport; sizes are octets. */
export interface RawSocketOptions
  extends BufferOptions,
    IncompleteMessageOptions,
    SessionEndOptions,
    KeepaliveOptions {
  max_message_size: number;
}
