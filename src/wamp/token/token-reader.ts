/**
 * TokenReader: the reader of one serializer, which turns a value into tokens.
 *
 * @module
 */

import type { TokenSink } from "./token-sink.ts";

/** Reads one value and calls a sink for each of its tokens. */
export interface TokenReader {
  /** Where the next token begins; valid while the sink is called. */
  readonly position: number;
  /**
   * Reads octets that hold exactly one value.
   *
   * @throws MalformedMessage when they do not.
   */
  read(octets: Uint8Array, sink: TokenSink): void;
  /**
   * Reads a string that holds exactly one value.
   *
   * @throws MalformedMessage when it does not, and always where the serializer is binary.
   */
  readText(text: string, sink: TokenSink): void;
}
