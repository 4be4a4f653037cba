/**
 * Messages of JSON that tests write as text, as octets.
 *
 * @module
 */

/** The octets of a message. */
export function utf8(message: string | Uint8Array): Uint8Array {
  return typeof message === "string" ? Buffer.from(message) : message;
}

/** A message that was sent: JSON as text, octets of the other serializers as they are. */
export function readable(message: Uint8Array, serializer: string): string | Uint8Array {
  return serializer === "json" ? Buffer.from(message).toString() : Uint8Array.from(message);
}
