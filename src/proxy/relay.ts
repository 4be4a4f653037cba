/**
 * The hot path: messages of a joined session, on their way to the other side.
 *
 * A message arrives whole. Its type is peeked, a type that is the session's own business is handed
 * back, the rest is transcoded if the two sides speak different serializers, and sent. Payloads
 * never become JavaScript values: a value cannot tell 1.0 from 1, nor hold 2^60.
 *
 * @module
 */

import { ErrorUri } from "#wamp/error-uri.ts";
import { isMessageType, MessageType } from "#wamp/message-type.ts";
import { isLongerThan, type Peer, type WireMessage } from "#wamp/peer.ts";
import { peekMessageType } from "#wamp/serializer/peek.ts";
import { type Transcode, transcoderFor } from "#wamp/transcode/transcoder.ts";
import { UntellableValue } from "#wamp/transcode/untellable-value.ts";
import type { BackPressure } from "./back-pressure.ts";
import { eventTranscoderFor } from "./fan-out-memory.ts";
import { answerForUncarried, type Uncarried } from "./uncarried.ts";

/** Carries messages one way, from one peer of a session to the other. */
export class Relay {
  readonly #from: Peer;
  readonly #to: Peer;
  readonly #pressure: BackPressure;
  readonly #onLeftOut: (why: Uncarried) => void;
  readonly #transcode: Transcode;
  readonly #transcodeEvent: Transcode;

  /** `onLeftOut` is told of each message that could not be carried and that nobody waits for. */
  constructor(from: Peer, to: Peer, pressure: BackPressure, onLeftOut: (why: Uncarried) => void) {
    this.#from = from;
    this.#to = to;
    this.#pressure = pressure;
    this.#onLeftOut = onLeftOut;
    this.#transcode = transcoderFor(from.serializer, to.serializer, to.isText);
    this.#transcodeEvent = eventTranscoderFor(from.serializer, to.serializer, to.isText);
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
    this.#send(message, type === MessageType.EVENT ? this.#transcodeEvent : this.#transcode);
    return 0;
  }

  /** Sends a message on, whatever its type; what the other side cannot be told is answered. */
  forward(message: WireMessage): void {
    this.#send(message, this.#transcode);
  }

  #send(message: WireMessage, transcode: Transcode): void {
    let carried: WireMessage;
    try {
      carried = transcode(message);
    } catch (thrown) {
      if (!(thrown instanceof UntellableValue)) throw thrown;
      this.#leaveOut(message, { uri: ErrorUri.invalidArgument, sentence: thrown.message });
      return;
    }
    if (isLongerThan(carried, this.#to.maxSendOctets)) {
      const sentence = `Cannot carry message: longer than the ${this.#to.maxSendOctets} octets that its receiver takes`;
      this.#leaveOut(message, { uri: ErrorUri.payloadSizeExceeded, sentence });
      return;
    }
    // A side that is behind must slow the other down, not fill our memory.
    if (!this.#to.send(carried)) this.#pressure.behind(carried.length);
  }

  /** Tells whoever waits for a message why it is not carried; false when nobody waits. */
  refuse(message: WireMessage, why: Uncarried): boolean {
    const answer = answerForUncarried(message, this.#from.serializer, why);
    if (answer === undefined) return false;
    const reader = answer.goesBack ? this.#from : this.#to;
    reader.send(answer.encodeFor(reader));
    return true;
  }

  #leaveOut(message: WireMessage, why: Uncarried): void {
    if (!this.refuse(message, why)) this.#onLeftOut(why);
  }
}
