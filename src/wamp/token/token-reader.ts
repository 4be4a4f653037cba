/**
 * TokenReader: the reader of one serializer, which turns a value into tokens.
 *
 * @module
 */

import type { TokenSink } from "./token-sink.ts";

/**
 * Reads one value and calls a sink for each of its tokens. It does not recurse, so that no nesting
 * exhausts the stack.
 */
export interface TokenReader {
  /** Where the next token begins; valid while the sink is called. */
  readonly position: number;
  /**
   * Reads octets that hold exactly one value, which `enclosing` lists and maps contain in its message.
   *
   * @throws MalformedMessage when they do not.
   */
  read(octets: Uint8Array, sink: TokenSink, enclosing?: number): void;
}
