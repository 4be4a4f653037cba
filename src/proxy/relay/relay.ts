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
import { peekMessageType } from "#wamp/serializer/peek-message-type.ts";
import { MalformedMessage } from "#wamp/token/malformed-message.ts";
import { UnrepresentableValue } from "#wamp/token/unrepresentable-value.ts";
import { type Transcode, transcoderFor } from "#wamp/transcode/transcoder.ts";
import type { BackPressure, Side } from "./back-pressure.ts";
import { eventTranscoderFor } from "./event-cache.ts";
import { answerUndeliverable, type Undeliverable } from "./undeliverable.ts";

/** Is told of each message that could not be carried and that nobody waits for. */
export interface UndeliverableObserver {
  onUndeliverable(side: Side, why: Undeliverable): void;
}

/** Carries messages one way, from one peer of a session to the other. */
export class Relay {
  readonly #from: Peer;
  readonly #to: Peer;
  readonly #pressure: BackPressure;
  readonly #side: Side;
  readonly #observer: UndeliverableObserver;
  readonly #transcode: Transcode;
  readonly #transcodeEvent: Transcode;

  /** `side` is which end of the session `to` is. */
  constructor(
    from: Peer,
    to: Peer,
    pressure: BackPressure,
    { side, observer }: { side: Side; observer: UndeliverableObserver },
  ) {
    this.#from = from;
    this.#to = to;
    this.#pressure = pressure;
    this.#side = side;
    this.#observer = observer;
    this.#transcode = transcoderFor(from.serializer, to.serializer, to.isText);
    this.#transcodeEvent = eventTranscoderFor(from.serializer, to.serializer, to.isText);
  }

  /**
   * Carries one message. Answers undefined, or the message type of what it did not carry, because
   * it opens or ends a session or is none of WAMP's types.
   *
   * @throws MalformedMessage when the octets are not the sender's serializer.
   */
  forward(message: WireMessage): number | undefined {
    const type = peekMessageType(message, this.#from.serializer);
    if (type <= MessageType.GOODBYE || !isMessageType(type)) return type;
    this.#forward(message, type === MessageType.EVENT ? this.#transcodeEvent : this.#transcode);
    return undefined;
  }

  #forward(message: WireMessage, transcode: Transcode): void {
    let carried: WireMessage;
    try {
      carried = transcode(message);
    } catch (thrown) {
      // A router passes on what others said, so what is malformed there is no fault of its session.
      const isAnswered =
        thrown instanceof UnrepresentableValue ||
        (thrown instanceof MalformedMessage && this.#side === "client");
      if (!isAnswered) throw thrown;
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
  refuse(message: WireMessage, why: Undeliverable): boolean {
    const answer = answerUndeliverable(message, this.#from.serializer, why);
    if (answer === undefined) return false;
    const reader = answer.goesBack ? this.#from : this.#to;
    reader.send(answer.encodeFor(reader));
    return true;
  }

  #leaveOut(message: WireMessage, why: Undeliverable): void {
    if (!this.refuse(message, why)) this.#observer.onUndeliverable(this.#side, why);
  }
}
