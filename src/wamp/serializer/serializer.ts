/**
 * Values of control messages, in whichever serializer a peer speaks. What is only carried never
 * comes here: values cannot say everything that octets can.
 *
 * @module
 */

import type { SerializerName, WireMessage } from "#wamp/peer.ts";
import { MalformedMessage } from "#wamp/transcode/malformed-message.ts";
import { decodeCbor, encodeCbor } from "./cbor.ts";
import { decodeJson, encodeJson } from "./json.ts";
import { decodeMsgPack, encodeMsgPack } from "./msgpack.ts";

/** Serializer numbers of the RawSocket handshake. */
export const rawSocketSerializerId = { json: 1, msgpack: 2, cbor: 3 } as const;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * The values of a message: a list that begins with the message type.
 *
 * @throws MalformedMessage when the octets are no such list.
 */
export function decodeMessage(message: WireMessage, serializer: SerializerName): unknown[] {
  let value: unknown;
  try {
    value = decode(message, serializer);
  } catch {
    throw new MalformedMessage(serializer, "not well-formed");
  }
  if (!Array.isArray(value) || !Number.isInteger(value[0])) {
    throw new MalformedMessage(serializer, "not a list with a message type");
  }
  return value;
}

/** A message in a peer's serializer; integers stay integers up to 2^64. */
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
  // The packages reuse their buffer, so what is kept has to be a copy.
  return (serializer === "cbor" ? encodeCbor(values) : encodeMsgPack(values)).slice();
}

function decode(message: WireMessage, serializer: SerializerName): unknown {
  if (serializer === "json")
    return decodeJson(typeof message === "string" ? message : utf8.decode(message));
  const octets = typeof message === "string" ? Buffer.from(message) : message;
  return serializer === "cbor" ? decodeCbor(octets) : decodeMsgPack(octets);
}

/** Both packages write an integer above 2^32 as a float unless it is a bigint. */
function withIntegers(value: unknown): unknown {
  if (typeof value === "number") {
    return Number.isSafeInteger(value) && Math.abs(value) > 0x7fffffff ? BigInt(value) : value;
  }
  if (Array.isArray(value)) return value.map(withIntegers);
  if (typeof value === "object" && value !== null && !(value instanceof Uint8Array)) {
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, withIntegers(item)]),
    );
  }
  return value;
}
