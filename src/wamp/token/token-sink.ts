/**
 * TokenSink: what every reader calls and every writer is.
 *
 * @module
 */

/** Lists and maps that are nested deeper than this are refused. */
export const MAX_DEPTH = 128;

/** Integers of more bits than this are refused: their decimal form costs the square of it. */
export const MAX_INTEGER_BITS = 4096;

/** The count of a list or map whose length its reader learns only at its end. */
export const UNKNOWN_COUNT = -1;

/** Takes one value, token by token, in the order of the octets. */
export interface TokenSink {
  /** A list begins; `count` may be UNKNOWN_COUNT, and `endArray` then tells it. */
  beginArray(count: number): void;
  /** The next token belongs to item `index` of the list. */
  item(index: number): void;
  endArray(count: number, announced: number): void;
  /** A map begins; `count` is its number of pairs. */
  beginMap(count: number): void;
  /** The next token is the key of pair `index`. */
  key(index: number): void;
  /** The next token belongs to the value of the last key. */
  value(): void;
  endMap(count: number, announced: number): void;
  nil(): void;
  boolean(value: boolean): void;
  /** An integer from -(2^53 - 1) to 2^53 - 1. */
  integer(value: number): void;
  /** Any other integer. */
  bigInteger(value: bigint): void;
  float(value: number): void;
  /** Text, as valid UTF-8 octets from `start` up to `end` of `octets`. */
  text(octets: Uint8Array, start: number, end: number): void;
  binary(octets: Uint8Array, start: number, end: number): void;
  /** A value that the reader's language has and the others do not; writers throw. */
  unrepresentable(what: string): void;
  /** Forgets every token so far, as they are told again; sinks that build nothing have none. */
  clear?(): void;
}
