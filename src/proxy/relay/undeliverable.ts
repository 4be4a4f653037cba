/**
 * The ERROR for a message that cannot be forwarded, if a peer waits for the message or its answer.
 *
 *     [ERROR, request type, request id, details, error URI, [sentence]]
 *
 * | the message | the peer that waits | ERROR for |
 * |---|---|---|
 * | CALL, PUBLISH with acknowledge, (UN)SUBSCRIBE, (UN)REGISTER | the client that sent it | its type |
 * | INVOCATION | the router that sent it | INVOCATION |
 * | YIELD, ERROR of a client | the router, to which it goes | INVOCATION |
 * | RESULT, ERROR of a router | the client, to which it goes | CALL, or the ERROR's own type |
 * | EVENT, a progressive result, PUBLISH without acknowledge, all others | none | |
 *
 * @module
 */

import { asRecord } from "#base/record.ts";
import { MessageType } from "#wamp/message-type.ts";
import type { Peer, WireMessage } from "#wamp/peer.ts";
import { encodeMessage } from "#wamp/serializer/control-message-values.ts";
import type { SerializerName } from "#wamp/serializer-name.ts";
import { UnrepresentableValue } from "#wamp/token/unrepresentable-value.ts";
import { type MessageSlices, sliceSoundItems } from "#wamp/transcode/payload-slice.ts";

/** Why a message is not forwarded. */
export interface Undeliverable {
  uri: string;
  sentence: string;
}

/** The ERROR for a message that is not forwarded. */
export interface UndeliverableAnswer {
  /** Whether it goes to the message's sender; otherwise it goes to the receiver. */
  goesBack: boolean;
  encodeFor(peer: Peer): WireMessage;
}

/**
 * The ERROR for this message, or undefined when no peer waits for it, or its head cannot be read.
 *
 * A progressive result has none: an ERROR would end a call that is still running on the other side.
 */
export function answerUndeliverable(
  message: WireMessage,
  serializer: SerializerName,
  why: Undeliverable,
): UndeliverableAnswer | undefined {
  return answerWaiting(waitingRequestOf(message, serializer), why);
}

/** The ERROR for the request that waits for a message; undefined when none does. */
export function answerWaiting(
  { goesBack, type, id }: WaitingRequest,
  why: Undeliverable,
): UndeliverableAnswer | undefined {
  if (!Number.isInteger(type) || !Number.isInteger(id)) return undefined;
  const error = [MessageType.ERROR, type, id, {}, why.uri, [why.sentence]];
  return {
    goesBack,
    encodeFor: (peer) => encodeMessage(error, peer.serializer, peer.isText),
  };
}

/** The request that the ERROR is for; without a type and an id there is none. */
export interface WaitingRequest {
  goesBack: boolean;
  type?: unknown;
  id?: unknown;
}

const NONE: WaitingRequest = { goesBack: false };

/** The request that waits for a message or its answer. */
export function waitingRequestOf(message: WireMessage, serializer: SerializerName): WaitingRequest {
  return waitingRequest(sliceSoundItems(message, serializer));
}

function waitingRequest(message: MessageSlices): WaitingRequest {
  try {
    const [type, id] = [message.value(0), message.value(1)];
    const hasOption = (name: string) => asRecord(message.value(2))[name] === true;
    switch (type) {
      case MessageType.CALL:
      case MessageType.SUBSCRIBE:
      case MessageType.UNSUBSCRIBE:
      case MessageType.REGISTER:
      case MessageType.UNREGISTER:
      case MessageType.INVOCATION:
        return { goesBack: true, type, id };
      case MessageType.PUBLISH:
        return hasOption("acknowledge") ? { goesBack: true, type, id } : NONE;
      case MessageType.YIELD:
        return hasOption("progress") ? NONE : { goesBack: false, type: MessageType.INVOCATION, id };
      case MessageType.RESULT:
        return hasOption("progress") ? NONE : { goesBack: false, type: MessageType.CALL, id };
      case MessageType.ERROR:
        return { goesBack: false, type: id, id: message.value(2) };
      default:
        return NONE;
    }
  } catch (thrown) {
    // The head itself has a part that no value represents, such as an unknown CBOR tag.
    if (thrown instanceof UnrepresentableValue) return NONE;
    throw thrown;
  }
}
