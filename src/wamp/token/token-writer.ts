/**
 * TokenWriter: the writer of one serializer, which turns tokens into octets.
 *
 * @module
 */

import type { OctetBuffer } from "./octet-buffer.ts";
import type { TokenSink } from "./token-sink.ts";

/** Writes one value at a time into a buffer of its own. */
export interface TokenWriter extends TokenSink {
  readonly out: OctetBuffer;
  /** Begins a new value; the previous one may be incomplete. */
  clear(): void;
}
