/**
 * What is said about a message that cannot be carried: an ERROR for whoever waits for it.
 *
 *     [ERROR, request type, request id, details, error URI, [sentence]]
 *
 * | the message | who waits | ERROR for |
 * |---|---|---|
 * | CALL, PUBLISH with acknowledge, SUBSCRIBE, REGISTER, ... | the client that sent it | its type |
 * | YIELD, ERROR for an INVOCATION (from a client) | the router | INVOCATION |
 * | INVOCATION | the router that sent it | INVOCATION |
 * | RESULT, ERROR (from a router) | the client | CALL, or the ERROR's own type |
 * | EVENT, PUBLISH without acknowledge | nobody | |
 *
 * @module
 */

import { asRecord } from "#base/record.ts";
import { MessageType } from "#wamp/message-type.ts";
import type { Peer, SerializerName, WireMessage } from "#wamp/peer.ts";
import { encodeMessage } from "#wamp/serializer/serializer.ts";
import { sliceMessage } from "#wamp/transcode/payload-slice.ts";

/** Why a message is not carried. */
export interface Uncarried {
  uri: string;
  sentence: string;
}

/** The ERROR for a message that was not carried. */
export interface UncarriedAnswer {
  /** Whether the message asked for something, so that its sender is answered; else its receiver. */
  goesBack: boolean;
  encodeFor(peer: Peer): WireMessage;
}

/** Makes the ERROR, or undefined when nobody waits for the message. */
export function answerForUncarried(
  message: WireMessage,
  serializer: SerializerName,
  why: Uncarried,
): UncarriedAnswer | undefined {
  const slices = sliceMessage(message, serializer);
  const type = Number(slices.value(0));
  const answer = (goesBack: boolean, requestType: number, requestId: unknown) => ({
    goesBack,
    encodeFor: (peer: Peer) =>
      encodeMessage(
        [MessageType.ERROR, requestType, requestId, {}, why.uri, [why.sentence]],
        peer.serializer,
        peer.isText,
      ),
  });
  switch (type) {
    case MessageType.EVENT:
      return undefined;
    case MessageType.PUBLISH:
      return asRecord(slices.value(2))["acknowledge"] === true
        ? answer(true, type, slices.value(1))
        : undefined;
    case MessageType.YIELD:
      return answer(false, MessageType.INVOCATION, slices.value(1));
    case MessageType.RESULT:
      return answer(false, MessageType.CALL, slices.value(1));
    case MessageType.ERROR:
      return answer(false, Number(slices.value(1)), slices.value(2));
    default:
      return answer(true, type, slices.value(1));
  }
}
