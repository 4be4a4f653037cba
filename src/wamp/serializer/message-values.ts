/**
 * Whole messages as JavaScript values, in the serializer of a peer.
 *
 * Messages that are only forwarded are transcoded instead: a JavaScript value cannot represent
 * every serialized one.
 *
 * @module
 */

import type { WireMessage } from "#wamp/peer.ts";
import type { SerializerName } from "#wamp/serializer-name.ts";
import { MalformedMessage } from "#wamp/token/malformed-message.ts";
import { readValue } from "./read-value.ts";
import { serializers } from "./serializers.ts";
import { writeList } from "./write-value.ts";

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
 * A message in a peer's serializer, as `writeList` writes its values; the caller may keep the octets.
 *
 * @throws UnrepresentableValue when the serializer has no form for a value, or one is nested too deep.
 */
export function encodeMessage(
  message: readonly unknown[],
  serializer: SerializerName,
): Uint8Array<ArrayBuffer> {
  const { writer } = serializers[serializer];
  writer.clear();
  writeList(message, writer);
  return new Uint8Array(writer.out.take());
}
