/**
 * The head of a message: its type and the integers that follow, read from the first octets without
 * decoding the rest.
 *
 * The relay calls this for every message. Comparing names takes half the time of an attribute of the
 * table of serializers or a switch, which look the name up in a hash table.
 *
 * @module
 */

import type { WireMessage } from "#wamp/peer.ts";
import type { SerializerName } from "#wamp/serializer-name.ts";
import { MalformedMessage } from "#wamp/token/malformed-message.ts";
import { isEmptyCborMapNext, nextCborInteger, peekCborType } from "./cbor/cbor-head.ts";
import { isEmptyJsonMapNext, nextJsonInteger, peekJsonType } from "./json/json-head.ts";
import {
  isEmptyMsgpackMapNext,
  nextMsgpackInteger,
  peekMsgpackType,
} from "./msgpack/msgpack-head.ts";

/**
 * The type of a message, 0 to 255.
 *
 * @throws MalformedMessage when it is not a list that begins with a small integer.
 */
export function peekMessageType(message: WireMessage, serializer: SerializerName): number {
  const type = peekType(message, serializer);
  if (type < 0) throw new MalformedMessage(serializer, "not a list with a message type");
  return type;
}

/**
 * Whether this many integers from 0 to 2^53 - 1 follow the type of the message, which has to be the one that
 * `peekMessageType` was called for last, and the first is one of `allowed`. They may seem missing from a message in
 * a rare spelling, which has to be read by its serializer's reader.
 */
export function hasIntegers(
  message: WireMessage,
  serializer: SerializerName,
  count: number,
  allowed?: ReadonlySet<number>,
): boolean {
  for (let index = 0; index < count; index++) {
    const value = nextInteger(message, serializer);
    if (value < 0) return false;
    if (index === 0 && allowed !== undefined && !allowed.has(value)) return false;
  }
  return true;
}

/**
 * Whether an empty map follows the integers that `hasIntegers` has just found. It may seem not to where it is written
 * in a rare way.
 */
export function isEmptyMapNext(message: WireMessage, serializer: SerializerName): boolean {
  if (serializer === "json") return isEmptyJsonMapNext(message);
  if (serializer === "msgpack") return isEmptyMsgpackMapNext(message);
  return isEmptyCborMapNext(message);
}

function peekType(message: WireMessage, serializer: SerializerName): number {
  if (serializer === "json") return peekJsonType(message);
  if (serializer === "msgpack") return peekMsgpackType(message);
  if (serializer === "cbor") return peekCborType(message);
  return serializer satisfies never;
}

function nextInteger(message: WireMessage, serializer: SerializerName): number {
  if (serializer === "json") return nextJsonInteger(message);
  if (serializer === "msgpack") return nextMsgpackInteger(message);
  return nextCborInteger(message);
}
