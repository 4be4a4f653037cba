/**
 * MalformedMessage: octets that the serializer of their connection cannot decode.
 *
 * @module
 */

import type { SerializerName } from "#wamp/serializer-name.ts";

/** A message that cannot be read; it ends the session of the client that sent it. */
export class MalformedMessage extends Error {
  readonly serializer: SerializerName;

  constructor(serializer: SerializerName, state: string) {
    super(`Cannot read a ${serializer} message: ${state}`);
    this.name = "MalformedMessage";
    this.serializer = serializer;
  }

  /** The same fault again, which was found in another thread. */
  static withSentence(serializer: SerializerName, sentence: string): MalformedMessage {
    const fault = new MalformedMessage(serializer, "");
    fault.message = sentence;
    return fault;
  }
}
