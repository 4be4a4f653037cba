/**
 * The items of a message in the usual spelling of its serializer, found and read without tokens: a router does this
 * for every message.
 *
 * Where something is written in a rare way, or wrong, the answer is "not usual", and the serializer's reader has to
 * tell. Names are compared for the reason that message-head.ts gives.
 *
 * @module
 */

import type { SerializerName } from "#wamp/serializer-name.ts";
import {
  cborIntegerAt,
  cborItemBounds,
  cborTextStart,
  isEmptyCborMapAt,
} from "./cbor/cbor-items.ts";
import {
  isEmptyJsonMapAt,
  jsonIntegerAt,
  jsonItemBounds,
  jsonTextEnd,
  jsonTextStart,
} from "./json/json-items.ts";
import {
  isEmptyMsgpackMapAt,
  msgpackIntegerAt,
  msgpackItemBounds,
  msgpackTextStart,
} from "./msgpack/msgpack-items.ts";

/** Where each item of a list begins, and where its end is, as the reader finds them; undefined: it is not usual. */
export function usualItemBounds(
  octets: Uint8Array,
  serializer: SerializerName,
): number[] | undefined {
  if (serializer === "json") return jsonItemBounds(octets);
  if (serializer === "msgpack") return msgpackItemBounds(octets);
  return cborItemBounds(octets);
}

/** The integer from 0 to 2^53 - 1 that is the item of a sound message there; -1: it is another value, or not usual. */
export function usualIntegerAt(octets: Uint8Array, at: number, serializer: SerializerName): number {
  if (serializer === "json") return jsonIntegerAt(octets, at);
  if (serializer === "msgpack") return msgpackIntegerAt(octets, at);
  return cborIntegerAt(octets, at);
}

/** Whether the item of a sound message there is an empty map. It may seem not to where it is written in a rare way. */
export function isEmptyMapAt(octets: Uint8Array, at: number, serializer: SerializerName): boolean {
  if (serializer === "json") return isEmptyJsonMapAt(octets, at);
  if (serializer === "msgpack") return isEmptyMsgpackMapAt(octets, at);
  return isEmptyCborMapAt(octets, at);
}

/** Where the text begins that is the item of a sound message there; -1: it is another value, or not usual. */
export function usualTextStart(octets: Uint8Array, at: number, serializer: SerializerName): number {
  if (serializer === "json") return jsonTextStart(octets, at);
  if (serializer === "msgpack") return msgpackTextStart(octets, at);
  return cborTextStart(octets, at);
}

/** Where a text ends that `usualTextStart` has found, in an item that ends at `itemEnd`; -1: it is not usual. */
export function usualTextEnd(
  octets: Uint8Array,
  start: number,
  itemEnd: number,
  serializer: SerializerName,
): number {
  return serializer === "json" ? jsonTextEnd(octets, start) : itemEnd;
}
