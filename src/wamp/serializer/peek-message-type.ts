/**
 * The message type, read from the first octets without decoding the rest.
 *
 * @module
 */

import type { WireMessage } from "#wamp/peer.ts";
import type { SerializerName } from "#wamp/serializer-name.ts";
import { MalformedMessage } from "#wamp/token/malformed-message.ts";
import { peek } from "./serializers.ts";

/**
 * The type of a message, 0 to 255.
 *
 * @throws MalformedMessage when it is not a list that begins with a small integer.
 */
export function peekMessageType(message: WireMessage, serializer: SerializerName): number {
  const type = peek(message, serializer);
  if (type < 0) throw new MalformedMessage(serializer, "not a list with a message type");
  return type;
}
