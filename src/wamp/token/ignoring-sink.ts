/**
 * IgnoringSink: a sink that does nothing, for values that are skipped and as a base for sinks that
 * need only some of the tokens.
 *
 * @module
 */

import type { TokenSink } from "./token-sink.ts";

/** Accepts every token and keeps none. */
export class IgnoringSink implements TokenSink {
  beginArray(_count: number): void {}

  item(_index: number): void {}

  endArray(_count: number, _announced: number): void {}

  beginMap(_count: number): void {}

  key(_index: number): void {}

  value(): void {}

  endMap(_count: number, _announced: number): void {}

  nil(): void {}

  boolean(_value: boolean): void {}

  integer(_value: number): void {}

  bigInteger(_value: bigint): void {}

  float(_value: number): void {}

  text(_octets: Uint8Array, _start: number, _end: number): void {}

  binary(_octets: Uint8Array, _start: number, _end: number): void {}

  unrepresentable(_what: string): void {}
}
