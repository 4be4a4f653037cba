/**
 * SlowPath: what a relay does with a message that it cannot forward at once.
 *
 * A long message is transcoded in another thread. Until it is sent, its sender is not read, so that the order
 * of the messages stays. A message that cannot be forwarded is answered with an ERROR if a peer waits for it.
 *
 * @module
 */

import { freeUntaken, giveOctets } from "#base/octet-ownership.ts";
import { outgoingMemory } from "#base/outgoing-memory.ts";
import type { ForwardResult } from "#session/long-message.ts";
import { LONG_MESSAGE_OCTETS, longMessages } from "#session/long-messages.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import type { Peer, WireMessage } from "#wamp/peer.ts";
import type { SerializerName } from "#wamp/serializer-name.ts";
import { MalformedMessage } from "#wamp/token/malformed-message.ts";
import { UnrepresentableValue } from "#wamp/token/unrepresentable-value.ts";
import type { BackPressure, Side } from "./back-pressure.ts";
import { isCall } from "./unanswered-calls.ts";
import {
  answerUndeliverable,
  answerWaiting,
  type Undeliverable,
  type UndeliverableAnswer,
} from "./undeliverable.ts";

const SESSION_OVER: Undeliverable = {
  uri: ErrorUri.canceled,
  sentence: "Cannot carry message: its session ended while it was handled in another thread",
};

/** Observes messages that cannot be forwarded. */
export interface UndeliverableObserver {
  /** No peer waits for the message. */
  onUndeliverable(side: Side, why: Undeliverable): void;
  /** A long message for this side is malformed, or there is a fault of the program. */
  onForwardFailed?(side: Side, thrown: unknown): void;
  /** The rest of a long message has arrived after the end of the session. */
  onLateMessage?(): void;
}

/** What a relay needs of the link of its session. */
export interface RelayLink {
  readonly observer: UndeliverableObserver;
  /** Whether the session is over. */
  readonly isStopped: boolean;
  /** The back-pressure for messages to this side. */
  backPressure(side: Side): BackPressure;
  /** Changes the number of calls that wait for their answers, and of messages that have not arrived whole. */
  changeUnanswered(change: number): void;
}

/** One direction of a session, for the messages that its relay does not forward at once. */
export class SlowPath {
  readonly #from: Peer;
  readonly #to: Peer;
  readonly #side: Side;
  readonly #link: RelayLink;

  /** `side` is which end of the session `to` is. */
  constructor(from: Peer, to: Peer, side: Side, link: RelayLink) {
    this.#from = from;
    this.#to = to;
    this.#side = side;
    this.#link = link;
  }

  /** Forwards a long message between different serializers; `change` is as for `Relay`. */
  forward(message: WireMessage, change: number): void {
    this.#handleInThread(message, this.#to.serializer, (result) => {
      this.#forwardResult(result, change);
    });
  }

  /**
   * Answers a message that was not transcoded because of what was thrown, or leaves it out.
   *
   * @throws what was thrown, if the message must not be left out.
   */
  notTranscoded(message: WireMessage, thrown: unknown): void {
    // A router forwards payloads of other clients: a malformed one must not end this session.
    const isAnswered =
      thrown instanceof UnrepresentableValue ||
      (thrown instanceof MalformedMessage && this.#side === "client");
    if (!isAnswered) throw thrown;
    this.#leaveOut(message, { uri: ErrorUri.invalidArgument, sentence: thrown.message });
  }

  /** Answers a message that is longer than its receiver takes, or leaves it out. */
  tooLong(message: WireMessage): void {
    this.#leaveOut(message, this.#tooLong());
  }

  /**
   * Sends an ERROR to the peer that waits for this message or its answer; false if none waits. For a long
   * message that is found out later: true, and `onNone` is called if none waits.
   */
  refuse(message: WireMessage, why: Undeliverable, onNone: () => void): boolean {
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
    const isTaken = waiting.send(octets);
    if (!isTaken && answer.goesBack) this.#pressure().senderBehind(octets.length);
    else if (!isTaken) this.#pressure().behind(octets.length);
    // A call that is refused has not begun to wait.
    if (!answer.goesBack && isCall(answer.type)) this.#link.changeUnanswered(-1);
    return true;
  }

  #leaveOut(message: WireMessage, why: Undeliverable): void {
    const onNone = () => this.#link.observer.onUndeliverable(this.#side, why);
    if (!this.refuse(message, why, onNone)) onNone();
  }

  #tooLong(): Undeliverable {
    const sentence = `Cannot carry message: longer than the ${this.#to.maxSendOctets} octets that its receiver takes`;
    return { uri: ErrorUri.payloadSizeExceeded, sentence };
  }

  #pressure(): BackPressure {
    return this.#link.backPressure(this.#side);
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
    const outgoingOctets = this.#side === "client" ? message.length : 0;
    pressure.hold();
    outgoingMemory.reserve(outgoingOctets);
    longMessages
      .forward({ message, from, to, maxOctets })
      .then((result) => {
        if (pressure.isStopped) {
          this.#link.observer.onUndeliverable(this.#side, SESSION_OVER);
          return;
        }
        onResult(result);
        pressure.release();
      })
      .catch((thrown: unknown) => this.#link.observer.onForwardFailed?.(this.#side, thrown))
      .finally(() => outgoingMemory.reserve(-outgoingOctets));
  }

  #forwardResult(result: ForwardResult, change: number): void {
    if (result.kind === "transcoded") {
      const octets = giveOctets(result.octets);
      if (!this.#to.send(octets)) this.#pressure().behind(octets.length);
      freeUntaken(octets);
      if (change !== 0) this.#link.changeUnanswered(change);
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
