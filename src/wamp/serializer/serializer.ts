/**
 * Serializer: everything that the program knows about one serializer.
 *
 * @module
 */

import type { OctetBuffer } from "#wamp/token/octet-buffer.ts";
import type { TokenReader } from "#wamp/token/token-reader.ts";
import type { TokenWriter } from "#wamp/token/token-writer.ts";

/** What a serialized value is, as far as arguments are concerned. */
export type ValueKind = "list" | "map" | "null" | "other";

/** One serializer. */
export interface Serializer {
  /**
   * Whether its messages are binary: over WebSocket they are binary messages instead of text, and
   * in a batch a length precedes each, where one octet ends each of text.
   */
  readonly isBinary: boolean;
  /** Its number in the RawSocket handshake. */
  readonly rawSocketNumber: number;
  /** Octets to tokens; one reader for the whole process, never used again while it reads. */
  readonly reader: TokenReader;
  /** Tokens to octets; one writer for the whole process, whose result is valid until the next. */
  readonly writer: TokenWriter;
  /** The kind of a serialized value, from its first octet. */
  kindOf(first: number): ValueKind;
  /** Where an item of a list or map ends, when `end` is where the next one begins. */
  itemEnd(octets: Uint8Array, end: number): number;
  /**
   * Appends a list to `out`: the items of a serialized list, which has `count` of them, and then
   * further serialized items.
   */
  appendList(out: OctetBuffer, list: Uint8Array, count: number, items: readonly Uint8Array[]): void;
}
