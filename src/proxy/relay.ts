/**
 * The hot path: messages of a joined session, on their way to the other side.
 *
 * A message arrives whole. Its type is peeked, a type that is the session's own business is handed
 * back, the rest is transcoded if the two sides speak different serializers, and sent. Payloads
 * never become JavaScript values: a value cannot tell 1.0 from 1, nor hold 2^60.
 *
 * @module
 */

import { isMessageType, MessageType } from "#wamp/message-type.ts";
import type { Peer, WireMessage } from "#wamp/peer.ts";
import { peekMessageType } from "#wamp/serializer/peek.ts";
import { transcoderFor } from "#wamp/transcode/transcoder.ts";
import { UntellableValue } from "#wamp/transcode/untellable-value.ts";
import { answerForUncarried } from "./uncarried.ts";

/** Carries messages one way, from one peer of a session to the other. */
export class Relay {
  readonly #from: Peer;
  readonly #to: Peer;
  readonly #towards: "router" | "client";
  readonly #transcode: (message: WireMessage) => WireMessage;
  /** Messages that were left out because nobody could be answered for them. */
  leftOut = 0;

  constructor(from: Peer, to: Peer, towards: "router" | "client") {
    this.#from = from;
    this.#to = to;
    this.#towards = towards;
    this.#transcode = transcoderFor(from.serializer, to.serializer, to.isText);
  }

  /**
   * Carries one message. Answers 0, or the message type of what it did not carry, because it opens
   * or ends a session or is none of WAMP's types.
   *
   * @throws MalformedMessage when the octets are not the sender's serializer.
   */
  carry(message: WireMessage): number {
    const type = peekMessageType(message, this.#from.serializer);
    if (type <= MessageType.GOODBYE || !isMessageType(type)) return type;
    this.forward(message);
    return 0;
  }

  /** Sends a message on, whatever its type; what the other side cannot be told is answered. */
  forward(message: WireMessage): void {
    let carried: WireMessage;
    try {
      carried = this.#transcode(message);
    } catch (thrown) {
      if (!(thrown instanceof UntellableValue)) throw thrown;
      this.#answer(message, "wamp.error.invalid_argument", thrown.message);
      return;
    }
    if (isLongerThan(carried, this.#to.maxSendOctets)) {
      const sentence = `Cannot carry message: longer than the ${this.#to.maxSendOctets} octets that the ${this.#towards} takes`;
      this.#answer(message, "wamp.error.payload_size_exceeded", sentence);
      return;
    }
    // A side that is behind must slow the other down, not fill our memory.
    if (!this.#to.send(carried)) this.#from.pause();
  }

  #answer(message: WireMessage, uri: string, sentence: string): void {
    const answer = answerForUncarried(message, this.#from.serializer, { uri, sentence });
    if (answer === undefined) {
      this.leftOut += 1;
      return;
    }
    // From a client, a failed CALL goes back to it, but a failed YIELD must reach the router, as
    // the router waits for it; from a router it is the other way round.
    const goesBack = answer.isRequest === (this.#towards === "router");
    const [reader, source] = goesBack ? [this.#from, undefined] : [this.#to, this.#from];
    const isTaken = reader.send(answer.encodeFor(reader));
    if (!isTaken) source?.pause();
  }
}

function isLongerThan(message: WireMessage, limit: number): boolean {
  if (message.length > limit) return true;
  // A UTF-16 unit becomes at most three octets, so most strings need not be measured.
  return (
    typeof message === "string" && message.length * 3 > limit && Buffer.byteLength(message) > limit
  );
}
