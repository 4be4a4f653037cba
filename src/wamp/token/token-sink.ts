/**
 * TokenSink: receives the tokens of a value; readers call it, writers implement it.
 *
 * @module
 */

/**
 * The most lists and maps within each other, the message itself included, for which sinks are made. A
 * reader reports a deeper one as unrepresentable, and goes on if the sink does.
 */
export const MAX_DEPTH = 1024;

/** What is unrepresentable about a list or map beyond that. */
export const TOO_DEEP = `lists and maps nested deeper than ${MAX_DEPTH} levels`;

/** Integers of more bits are unrepresentable: the time for their decimal form grows quadratically. */
export const MAX_INTEGER_BITS = 4096;

/** The count of a list or map whose length is known only at its end. */
export const UNKNOWN_COUNT = -1;

/** Receives one value, token by token, in the order of the octets. */
export interface TokenSink {
  /** A list begins; `count` may be UNKNOWN_COUNT. */
  beginArray(count: number): void;
  /** The next token begins item `index` of the list. */
  item(index: number): void;
  /** The list ends; `count` is its true count, `announced` the one that `beginArray` received. */
  endArray(count: number, announced: number): void;
  /** A map begins; `count` is its number of pairs, or UNKNOWN_COUNT. */
  beginMap(count: number): void;
  /** The next token begins the key of pair `index`. */
  key(index: number): void;
  /** The next token begins the value of the last key. */
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
  /**
   * A value that only the reader's serializer has, or nesting that is too deep. Writers throw
   * UnrepresentableValue; a sink that returns may receive a token in its place.
   */
  unrepresentable(what: string): void;
  /** Forgets all tokens, because the reader begins again. Only sinks that build something have it. */
  clear?(): void;
}
