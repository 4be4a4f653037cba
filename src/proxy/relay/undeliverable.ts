/**
 * The ERROR for a message that cannot be forwarded, if a peer waits for the message or its answer.
 *
 *     [ERROR, request type, request id, details, error URI, [sentence]]
 *
 * @module
 */

import { type WaitingRequest, waitingRequestOf } from "#session/waiting-request.ts";
import { MessageType } from "#wamp/message-type.ts";
import type { Peer, WireMessage } from "#wamp/peer.ts";
import { encodeMessage } from "#wamp/serializer/message-values.ts";
import type { SerializerName } from "#wamp/serializer-name.ts";

/** Why a message is not forwarded. */
export interface Undeliverable {
  uri: string;
  sentence: string;
}

/** The ERROR for a message that is not forwarded. */
export interface UndeliverableAnswer {
  /** Whether it goes to the message's sender; otherwise it goes to the receiver. */
  goesBack: boolean;
  /** The type of the request that it answers. */
  type: number;
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
  // 0 for -0, which would be written as a float.
  const request = Number(id) + 0;
  const requestType = Number(type);
  const error = [MessageType.ERROR, requestType, request, {}, why.uri, [why.sentence]];
  return {
    goesBack,
    type: requestType,
    encodeFor: (peer) => encodeMessage(error, peer.serializer),
  };
}
