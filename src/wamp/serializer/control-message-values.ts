/**
 * Values of control messages, in whichever serializer a peer speaks. What is only carried never
 * comes here: values cannot say everything that octets can.
 *
 * @module
 */

import type { SerializerName, WireMessage } from "#wamp/peer.ts";
import { MalformedMessage } from "#wamp/token/malformed-message.ts";
import { UnrepresentableValue } from "#wamp/token/unrepresentable-value.ts";
import { encodeCbor } from "./cbor/cbor-values.ts";
import { encodeJson } from "./json/json-values.ts";
import { encodeMsgPack } from "./msgpack/msgpack-values.ts";
import { readValue } from "./value-sink.ts";

/**
 * The values of a message: a list that begins with the message type.
 *
 * @throws MalformedMessage when the octets are no such list.
 */
export function decodeMessage(message: WireMessage, serializer: SerializerName): unknown[] {
  const value = readValue(message, serializer);
  if (!Array.isArray(value) || !Number.isInteger(value[0])) {
    throw new MalformedMessage(serializer, "not a list with a message type");
  }
  return value;
}

/**
 * A message in a peer's serializer; integers stay integers.
 *
 * @throws UntellableValue when an integer is longer than the serializer can say.
 */
export function encodeMessage(
  message: readonly unknown[],
  serializer: SerializerName,
  isText: boolean,
): WireMessage {
  if (serializer === "json") {
    const text = encodeJson(message);
    return isText ? text : Buffer.from(text);
  }
  const values = message.map(withIntegers);
  try {
    // The packages reuse their buffer, so what is kept has to be a copy.
    return new Uint8Array(serializer === "cbor" ? encodeCbor(values) : encodeMsgPack(values));
  } catch (thrown) {
    if (!(thrown instanceof RangeError)) throw thrown;
    throw new UnrepresentableValue(`a value in ${serializer}: ${thrown.message}`);
  }
}

/**
 * Both packages write an integer above 2^32 as a float unless it is a bigint, and have a word for
 * undefined that no other language has.
 */
function withIntegers(value: unknown): unknown {
  if (typeof value === "number") {
    return Number.isSafeInteger(value) && Math.abs(value) > 0x7fffffff ? BigInt(value) : value;
  }
  if (Array.isArray(value)) return value.map(withIntegers);
  if (typeof value === "object" && value !== null && !(value instanceof Uint8Array)) {
    return Object.fromEntries(
      Object.entries(value).flatMap(([key, item]) =>
        item === undefined ? [] : [[key, withIntegers(item)]],
      ),
    );
  }
  return value;
}
