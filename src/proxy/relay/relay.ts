/**
 * The hot path: forwards the messages of a joined session from one side to the other.
 *
 * A message arrives whole. Its type is peeked. A message that opens or ends a session is returned to
 * the session; all others are transcoded, if the two sides use different serializers, and sent.
 * Payloads never become JavaScript values: these cannot distinguish 1.0 from 1, nor hold 2^60.
 *
 * A long message is transcoded in another thread. Until it is sent, its sender is not read, so that the order
 * of the messages stays.
 *
 * @module
 */

import { Failure } from "#base/failure.ts";
import { freeUntaken, giveOctets } from "#base/octet-ownership.ts";
import type { ForwardResult } from "#session/long-message.ts";
import { LONG_MESSAGE_OCTETS, longMessages } from "#session/long-messages.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import { type RoutedMessages, routedMessagesOf } from "#wamp/message-direction.ts";
import { MessageType } from "#wamp/message-type.ts";
import { isLongerThan, type Peer, type WireMessage } from "#wamp/peer.ts";
import { peekMessageType } from "#wamp/serializer/message-head.ts";
import type { SerializerName } from "#wamp/serializer-name.ts";
import { MalformedMessage } from "#wamp/token/malformed-message.ts";
import { UnrepresentableValue } from "#wamp/token/unrepresentable-value.ts";
import { checkRoutedMessage } from "#wamp/transcode/routed-message.ts";
import { type Transcode, textOf, transcoderFor } from "#wamp/transcode/transcoder.ts";
import type { BackPressure, Side } from "./back-pressure.ts";
import { eventTranscoderFor } from "./event-cache.ts";
import {
  answerUndeliverable,
  answerWaiting,
  type Undeliverable,
  type UndeliverableAnswer,
} from "./undeliverable.ts";

/** Observes messages that cannot be forwarded. */
export interface UndeliverableObserver {
  /** No peer waits for the message. */
  onUndeliverable(side: Side, why: Undeliverable): void;
  /** A long message for this side is malformed, or there is a fault of the program. */
  onForwardFailed?(side: Side, thrown: unknown): void;
}

/** What a relay needs of the link of its session. */
export interface RelayLink {
  readonly observer: UndeliverableObserver;
  /** The back-pressure for messages to this side. */
  backPressure(side: Side): BackPressure;
}

/** Forwards messages in one direction, from one peer of a session to the other. */
export class Relay {
  readonly #from: Peer;
  readonly #to: Peer;
  readonly #side: Side;
  readonly #link: RelayLink;
  readonly #allowed: RoutedMessages;
  readonly #transcode: Transcode;
  /** Undefined until the first EVENT. */
  #transcodeEvent: Transcode | undefined;

  /** `side` is which end of the session `to` is. */
  constructor(from: Peer, to: Peer, side: Side, link: RelayLink) {
    this.#from = from;
    this.#to = to;
    this.#side = side;
    this.#link = link;
    this.#allowed = routedMessagesOf(side === "router" ? "client" : "router");
    this.#transcode = transcoderFor(from.serializer, to.serializer, to.isText);
  }

  /**
   * Forwards one message. Returns undefined, or the message type if the message was not forwarded
   * because it opens or ends a session, or because its sender may not send this type.
   *
   * @throws MalformedMessage when the octets are not valid in the sender's serializer; Failure from the
   * sender's side when the message lacks a valid id, or is an ERROR for a request of the other side.
   */
  forward(message: WireMessage): number | undefined {
    const type = peekMessageType(message, this.#from.serializer);
    if (this.#allowed.ids[type] === 0) return type;
    checkRoutedMessage(message, this.#from.serializer, type, this.#allowed);
    this.#forward(message, type === MessageType.EVENT ? this.#eventTranscoder() : this.#transcode);
    return undefined;
  }

  #eventTranscoder(): Transcode {
    const { serializer, isText } = this.#to;
    this.#transcodeEvent ??= eventTranscoderFor(this.#from.serializer, serializer, isText);
    return this.#transcodeEvent;
  }

  #forward(message: WireMessage, transcode: Transcode): void {
    if (message.length > LONG_MESSAGE_OCTETS && this.#from.serializer !== this.#to.serializer) {
      this.#handleInThread(message, this.#to.serializer, (result) => this.#forwardResult(result));
      return;
    }
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
    if (isLongerThan(transcoded, this.#to.maxSendOctets)) this.#leaveOut(message, this.#tooLong());
    else this.#send(transcoded);
  }

  #send(transcoded: WireMessage): void {
    // A slow receiver must slow its sender down instead of filling the worker's memory.
    if (!this.#to.send(transcoded)) this.#pressure().behind(transcoded.length);
  }

  #pressure(): BackPressure {
    return this.#link.backPressure(this.#side);
  }

  #tooLong(): Undeliverable {
    const sentence = `Cannot carry message: longer than the ${this.#to.maxSendOctets} octets that its receiver takes`;
    return { uri: ErrorUri.payloadSizeExceeded, sentence };
  }

  /**
   * Sends an ERROR to the peer that waits for this message or its answer; false if none waits, or if
   * its sender may not send the message. For a long message that is found out later: true, and `onNone`
   * is called if none waits.
   */
  refuse(message: WireMessage, why: Undeliverable, onNone = () => {}): boolean {
    return this.#isAllowed(message) && this.#refuse(message, why, onNone);
  }

  #isAllowed(message: WireMessage): boolean {
    const { serializer } = this.#from;
    try {
      const type = peekMessageType(message, serializer);
      if (this.#allowed.ids[type] === 0) return false;
      checkRoutedMessage(message, serializer, type, this.#allowed);
      return true;
    } catch (thrown) {
      if (thrown instanceof MalformedMessage || thrown instanceof Failure) return false;
      throw thrown;
    }
  }

  #refuse(message: WireMessage, why: Undeliverable, onNone: () => void): boolean {
    if (message.length <= LONG_MESSAGE_OCTETS) {
      return this.#answer(answerUndeliverable(message, this.#from.serializer, why));
    }
    this.#handleInThread(message, null, (result) => {
      if (!this.#answer("waiting" in result && answerWaiting(result.waiting, why))) onNone();
    });
    return true;
  }

  #answer(answer: UndeliverableAnswer | false | undefined): boolean {
    if (!answer) return false;
    const waiting = answer.goesBack ? this.#from : this.#to;
    const octets = answer.encodeFor(waiting);
    if (waiting.send(octets)) return true;
    if (answer.goesBack) this.#pressure().senderBehind(octets.length);
    else this.#pressure().behind(octets.length);
    return true;
  }

  #leaveOut(message: WireMessage, why: Undeliverable): void {
    const onNone = () => this.#link.observer.onUndeliverable(this.#side, why);
    if (!this.#refuse(message, why, onNone)) onNone();
  }

  /** Has a message handled in the other thread; nothing is forwarded meanwhile. */
  #handleInThread(
    message: WireMessage,
    to: SerializerName | null,
    onResult: (result: ForwardResult) => void,
  ): void {
    const { serializer: from } = this.#from;
    const { maxSendOctets: maxOctets } = this.#to;
    const pressure = this.#pressure();
    pressure.hold();
    longMessages
      .forward({ message, from, to, maxOctets })
      .then((result) => {
        if (pressure.isStopped) return;
        onResult(result);
        pressure.release();
      })
      .catch((thrown: unknown) => this.#link.observer.onForwardFailed?.(this.#side, thrown));
  }

  #forwardResult(result: ForwardResult): void {
    if (result.kind === "transcoded") {
      const octets = giveOctets(result.octets);
      this.#send(this.#to.isText ? textOf(Buffer.from(octets.buffer)) : octets);
      freeUntaken(octets);
      return;
    }
    if (result.kind === "malformed" && this.#side === "router") {
      throw MalformedMessage.withSentence(this.#from.serializer, result.sentence);
    }
    const why =
      "sentence" in result
        ? { uri: ErrorUri.invalidArgument, sentence: result.sentence }
        : this.#tooLong();
    if (!this.#answer(answerWaiting(result.waiting, why))) {
      this.#link.observer.onUndeliverable(this.#side, why);
    }
  }
}
