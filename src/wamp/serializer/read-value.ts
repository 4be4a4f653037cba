/**
 * Reads serialized values as JavaScript values, for messages that are not only forwarded.
 *
 * @module
 */

import type { WireMessage } from "#wamp/peer.ts";
import type { SerializerName } from "#wamp/serializer-name.ts";
import { MalformedMessage } from "#wamp/token/malformed-message.ts";
import { UnrepresentableValue } from "#wamp/token/unrepresentable-value.ts";
import { readWith } from "#wamp/token/value-sink.ts";
import { serializers } from "./serializers.ts";

/**
 * Reads a message that must have a JavaScript value.
 *
 * @throws MalformedMessage when the octets are not of this serializer, or no JavaScript value can
 * represent them.
 */
export function readValue(message: WireMessage, serializer: SerializerName): unknown {
  try {
    return readWith(serializers[serializer].reader, message);
  } catch (error) {
    if (!(error instanceof UnrepresentableValue)) throw error;
    throw new MalformedMessage(serializer, error.message);
  }
}

/**
 * Reads one item of a message.
 *
 * @throws MalformedMessage when the octets are not of this serializer; UnrepresentableValue when no
 * JavaScript value can represent them.
 */
export function readItem(octets: Uint8Array, serializer: SerializerName): unknown {
  return readWith(serializers[serializer].reader, octets, 1);
}
