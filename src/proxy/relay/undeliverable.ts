/**
 * What is said about a message that cannot be carried: an ERROR for whoever waits for it.
 *
 *     [ERROR, request type, request id, details, error URI, [sentence]]
 *
 * | the message | who waits | ERROR for |
 * |---|---|---|
 * | CALL, PUBLISH with acknowledge, (UN)SUBSCRIBE, (UN)REGISTER | the client that sent it | its type |
 * | INVOCATION | the router that sent it | INVOCATION |
 * | YIELD, ERROR of a client | the router, to which it goes | INVOCATION |
 * | RESULT, ERROR of a router | the client, to which it goes | CALL, or the ERROR's own type |
 * | EVENT, a progressive result, PUBLISH without acknowledge, all others | nobody | |
 *
 * @module
 */

import { asRecord } from "#base/record.ts";
import { MessageType } from "#wamp/message-type.ts";
import type { Peer, SerializerName, WireMessage } from "#wamp/peer.ts";
import { encodeMessage } from "#wamp/serializer/control-message-values.ts";
import { UnrepresentableValue } from "#wamp/token/unrepresentable-value.ts";
import { sliceSoundItems } from "#wamp/transcode/payload-slice.ts";

/** Why a message is not carried. */
export interface Undeliverable {
  uri: string;
  sentence: string;
}

/** The ERROR for a message that was not carried. */
export interface UndeliverableAnswer {
  /** Whether its sender is answered; else the one to whom it would have gone. */
  goesBack: boolean;
  encodeFor(peer: Peer): WireMessage;
}

/**
 * Makes the ERROR, or undefined when nobody waits for the message, or nothing can be said of it.
 *
 * A progressive result is one of many: its ERROR would end a call that goes on at the other side.
 */
export function answerUndeliverable(
  message: WireMessage,
  serializer: SerializerName,
  why: Undeliverable,
): UndeliverableAnswer | undefined {
  const slices = sliceSoundItems(message, serializer);
  const answer = (goesBack: boolean, requestType: unknown, requestId: unknown) => {
    if (!Number.isInteger(requestType) || !Number.isInteger(requestId)) return undefined;
    const error = [MessageType.ERROR, requestType, requestId, {}, why.uri, [why.sentence]];
    return {
      goesBack,
      encodeFor: (peer: Peer) => encodeMessage(error, peer.serializer, peer.isText),
    };
  };
  try {
    const [type, first] = [slices.value(0), slices.value(1)];
    const option = (index: number, name: string) => asRecord(slices.value(index))[name] === true;
    switch (type) {
      case MessageType.CALL:
      case MessageType.SUBSCRIBE:
      case MessageType.UNSUBSCRIBE:
      case MessageType.REGISTER:
      case MessageType.UNREGISTER:
      case MessageType.INVOCATION:
        return answer(true, type, first);
      case MessageType.PUBLISH:
        return option(2, "acknowledge") ? answer(true, type, first) : undefined;
      case MessageType.YIELD:
        return option(2, "progress") ? undefined : answer(false, MessageType.INVOCATION, first);
      case MessageType.RESULT:
        return option(2, "progress") ? undefined : answer(false, MessageType.CALL, first);
      case MessageType.ERROR:
        return answer(false, first, slices.value(2));
      default:
        return undefined;
    }
  } catch (thrown) {
    // Options that have no value, such as an unknown tag: not even its head can be read.
    if (thrown instanceof UnrepresentableValue) return undefined;
    throw thrown;
  }
}
