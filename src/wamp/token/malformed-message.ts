/**
 * MalformedMessage: octets that are not the language of the serializer they came with.
 *
 * @module
 */

import type { SerializerName } from "#wamp/serializer-name.ts";

/** A message that cannot be read at all; the session that it came on ends. */
export class MalformedMessage extends Error {
  readonly serializer: SerializerName;

  constructor(serializer: SerializerName, state: string) {
    super(`Cannot read a ${serializer} message: ${state}`);
    this.name = "MalformedMessage";
    this.serializer = serializer;
  }
}
