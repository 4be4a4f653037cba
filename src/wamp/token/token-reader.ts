/**
 * Reader: what the three readers have in common for those who call them.
 *
 * @module
 */

import type { TokenSink } from "./token-sink.ts";

/** Reads one value and tells a sink its tokens. */
export interface TokenReader {
  /** Where the next token begins, while a sink is told of one. */
  readonly position: number;
  /** Reads octets that hold exactly one value; throws MalformedMessage where they do not. */
  read(octets: Uint8Array, sink: TokenSink): void;
}
