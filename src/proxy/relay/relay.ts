/**
 * The hot path: forwards the messages of a joined session from one side to the other.
 *
 * A message arrives whole; a long one may be forwarded while it arrives (cut-through.ts). Its type is
 * peeked. A message that opens or ends a session is returned to the session; all others are transcoded, if
 * the two sides use different serializers, and sent. Payloads never become JavaScript values: these cannot
 * distinguish 1.0 from 1, nor hold 2^60. slow-path.ts handles long messages that are transcoded, and messages
 * that cannot be forwarded.
 *
 * @module
 */

import { Failure } from "#base/failure.ts";
import { type TrafficCount, traffic } from "#observe/traffic.ts";
import { LONG_MESSAGE_OCTETS } from "#session/long-messages.ts";
import { type RoutedMessages, routedMessagesOf } from "#wamp/message-direction.ts";
import { MessageType } from "#wamp/message-type.ts";
import type { MessageParts, Peer, WireMessage } from "#wamp/peer.ts";
import { peekMessageType } from "#wamp/serializer/message-head.ts";
import type { SerializerName } from "#wamp/serializer-name.ts";
import { MalformedMessage } from "#wamp/token/malformed-message.ts";
import { beginsRouted, checkRoutedMessage } from "#wamp/transcode/routed-message.ts";
import { type Transcode, transcoderFor } from "#wamp/transcode/transcoder.ts";
import type { Side } from "./back-pressure.ts";
import { CutThrough } from "./cut-through.ts";
import { eventTranscoderFor } from "./event-cache.ts";
import { type RelayLink, SlowPath } from "./slow-path.ts";
import { changeOfUnanswered } from "./unanswered-calls.ts";
import type { Undeliverable } from "./undeliverable.ts";

/** What all relays between the same serializers and in the same direction share. */
interface Direction {
  /** Which end of the session receives the messages. */
  side: Side;
  from: SerializerName;
  to: SerializerName;
  allowed: RoutedMessages;
  transcode: Transcode;
  transcodeEvent: Transcode;
  count: TrafficCount;
}

const directions = new Map<string, Direction>();

function directionOf(from: SerializerName, to: SerializerName, side: Side): Direction {
  const name = `${side} ${from} ${to}`;
  const known = directions.get(name);
  if (known !== undefined) return known;
  const direction = {
    side,
    from,
    to,
    allowed: routedMessagesOf(side === "router" ? "client" : "router"),
    transcode: transcoderFor(from, to),
    transcodeEvent: eventTranscoderFor(from, to),
    count: side === "router" ? traffic.fromClients : traffic.toClients,
  };
  directions.set(name, direction);
  return direction;
}

/** Forwards messages in one direction, from one peer of a session to the other. */
export class Relay {
  readonly #from: Peer;
  readonly #to: Peer;
  readonly #link: RelayLink;
  readonly #direction: Direction;

  /** `side` is which end of the session `to` is. */
  constructor(from: Peer, to: Peer, side: Side, link: RelayLink) {
    this.#from = from;
    this.#to = to;
    this.#link = link;
    this.#direction = directionOf(from.serializer, to.serializer, side);
  }

  /**
   * Forwards one message. Returns undefined, or the message type if the message was not forwarded
   * because it opens or ends a session, or because its sender may not send this type.
   *
   * @throws MalformedMessage when the octets are not valid in the sender's serializer; Failure from the
   * sender's side when the message lacks a valid id, or is an ERROR for a request of the other side.
   */
  forward(message: WireMessage): number | undefined {
    const { from, allowed, transcode, transcodeEvent, count } = this.#direction;
    const type = peekMessageType(message, from);
    if (allowed.ids[type] === 0) return type;
    checkRoutedMessage(message, from, type, allowed);
    count.count(type, message.length);
    // Borrowed octets may have changed once they are sent.
    const change = changeOfUnanswered(type, message, from);
    this.#forward(message, type === MessageType.EVENT ? transcodeEvent : transcode, change);
    return undefined;
  }

  /**
   * Begins to forward a message of so many octets, of which these have arrived. Gives what takes them all, or null
   * when the message has to arrive whole before it is forwarded or refused.
   */
  cutThrough(head: Uint8Array, octets: number): MessageParts | null {
    const { from, to, allowed, side, count } = this.#direction;
    const isForwarded =
      from === to &&
      octets <= this.#to.maxSendOctets &&
      beginsRouted(head, from, allowed) &&
      this.#to.beginMessage?.(octets) === true;
    if (!isForwarded) return null;
    const type = peekMessageType(head, from);
    count.count(type, octets);
    const change = changeOfUnanswered(type, head, from);
    // The message itself is waited for, until its end. A call waits from its first octets on, its answer is there with
    // the last ones.
    this.#link.changeUnanswered(1 + Math.max(0, change));
    return new CutThrough(this.#to, octets, side, this.#link, Math.min(0, change) - 1);
  }

  /** `change` is what the message changes of the number of calls that wait, once it is sent. */
  #forward(message: WireMessage, transcode: Transcode, change: number): void {
    if (message.length > LONG_MESSAGE_OCTETS && this.#direction.from !== this.#direction.to) {
      this.#slowPath().forward(message, change);
      return;
    }
    let transcoded: WireMessage;
    try {
      transcoded = transcode(message);
    } catch (thrown) {
      this.#slowPath().notTranscoded(message, thrown);
      return;
    }
    if (transcoded.length > this.#to.maxSendOctets) {
      this.#slowPath().tooLong(message);
      return;
    }
    // A slow receiver must slow its sender down instead of filling the worker's memory.
    if (!this.#to.send(transcoded)) {
      this.#link.backPressure(this.#direction.side).behind(transcoded.length);
    }
    if (change !== 0) this.#link.changeUnanswered(change);
  }

  /**
   * Sends an ERROR to the peer that waits for this message or its answer; false if none waits, or if
   * its sender may not send the message. For a long message that is found out later: true, and `onNone`
   * is called if none waits.
   */
  refuse(message: WireMessage, why: Undeliverable, onNone = () => {}): boolean {
    return this.#isAllowed(message) && this.#slowPath().refuse(message, why, onNone);
  }

  #isAllowed(message: WireMessage): boolean {
    const { from, allowed } = this.#direction;
    try {
      const type = peekMessageType(message, from);
      if (allowed.ids[type] === 0) return false;
      checkRoutedMessage(message, from, type, allowed);
      return true;
    } catch (thrown) {
      if (thrown instanceof MalformedMessage || thrown instanceof Failure) return false;
      throw thrown;
    }
  }

  /** Made for each message, because most sessions never need it. */
  #slowPath(): SlowPath {
    return new SlowPath(this.#from, this.#to, this.#direction.side, this.#link);
  }
}
