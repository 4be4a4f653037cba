/**
 * The hot path: forwards the messages of a joined session from one side to the other.
 *
 * A message arrives whole. Its type is peeked. A message that opens or ends a session is returned to
 * the session; all others are transcoded, if the two sides use different serializers, and sent.
 * Payloads never become JavaScript values: these cannot distinguish 1.0 from 1, nor hold 2^60.
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

/** Observes messages that cannot be forwarded and that no peer waits for. */
export interface UndeliverableObserver {
  onUndeliverable(side: Side, why: Undeliverable): void;
}

/** Forwards messages in one direction, from one peer of a session to the other. */
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
   * Forwards one message. Returns undefined, or the message type if the message was not forwarded
   * because it opens or ends a session or has a type that WAMP does not have.
   *
   * @throws MalformedMessage when the octets are not valid in the sender's serializer.
   */
  forward(message: WireMessage): number | undefined {
    const type = peekMessageType(message, this.#from.serializer);
    if (type <= MessageType.GOODBYE || !isMessageType(type)) return type;
    this.#forward(message, type === MessageType.EVENT ? this.#transcodeEvent : this.#transcode);
    return undefined;
  }

  #forward(message: WireMessage, transcode: Transcode): void {
    let transcoded: WireMessage;
    try {
      transcoded = transcode(message);
    } catch (thrown) {
      // A router forwards payloads of other clients: a malformed one must not end this session.
      const isAnswered =
        thrown instanceof UnrepresentableValue ||
        (thrown instanceof MalformedMessage && this.#side === "client");
      if (!isAnswered) throw thrown;
      this.#leaveOut(message, { uri: ErrorUri.invalidArgument, sentence: thrown.message });
      return;
    }
    if (isLongerThan(transcoded, this.#to.maxSendOctets)) {
      const sentence = `Cannot carry message: longer than the ${this.#to.maxSendOctets} octets that its receiver takes`;
      this.#leaveOut(message, { uri: ErrorUri.payloadSizeExceeded, sentence });
      return;
    }
    // A slow receiver must slow its sender down instead of filling the worker's memory.
    if (!this.#to.send(transcoded)) this.#pressure.behind(transcoded.length);
  }

  /** Sends an ERROR to the peer that waits for this message or its answer; false if none waits. */
  refuse(message: WireMessage, why: Undeliverable): boolean {
    const answer = answerUndeliverable(message, this.#from.serializer, why);
    if (answer === undefined) return false;
    const waiting = answer.goesBack ? this.#from : this.#to;
    waiting.send(answer.encodeFor(waiting));
    return true;
  }

  #leaveOut(message: WireMessage, why: Undeliverable): void {
    if (!this.refuse(message, why)) this.#observer.onUndeliverable(this.#side, why);
  }
}
