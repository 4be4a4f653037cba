/**
 * MalformedMessage: octets that are not the language of the serializer they came with.
 *
 * @module
 */

import type { SerializerName } from "#wamp/peer.ts";

/** A message that cannot be read at all; the session that it came on ends. */
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
