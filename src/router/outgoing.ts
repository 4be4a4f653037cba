/**
 * Messages to sessions: a head of values, and a payload of octets that is not decoded.
 *
 * @module
 */

import { Failure, sentenceOf } from "#base/failure.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import { MessageType, messageTypeName } from "#wamp/message-type.ts";
import { isLongerThan, type WireMessage } from "#wamp/peer.ts";
import { encodeMessage } from "#wamp/serializer/control-message-values.ts";
import { UnrepresentableValue } from "#wamp/token/unrepresentable-value.ts";
import { buildMessage, type Payload } from "#wamp/transcode/payload-slice.ts";
import { encodableId } from "./id-value.ts";
import type { RealmSession } from "./realm-session.ts";

/** A payload from values, for messages of the router's own. */
export function payloadOf(args: readonly unknown[]): Payload {
  return { serializer: "json", items: [new TextEncoder().encode(JSON.stringify(args))] };
}

/**
 * Serializes a message for a session.
 *
 * @throws Failure when the serializer cannot represent a value (`wamp.error.invalid_argument`) or the
 * message is longer than the session accepts (`wamp.error.payload_size_exceeded`).
 */
export function messageFor(
  session: RealmSession,
  head: readonly unknown[],
  payload: Payload | undefined,
): WireMessage {
  const message = build(session, head, payload);
  const failure = tooLongFor(session, message, head);
  if (failure !== undefined) throw failure;
  return message;
}

/** The failure to send a message that is longer than the session announced to accept. */
export function tooLongFor(
  session: RealmSession,
  message: WireMessage,
  head: readonly unknown[],
): Failure | undefined {
  const limit = session.maxSendOctets;
  if (!isLongerThan(message, limit)) return undefined;
  const name = messageTypeName(Number(head[0]));
  return new Failure(
    `Cannot send ${name}: longer than the ${limit} octets that its receiver takes`,
    { source: "client", uri: ErrorUri.payloadSizeExceeded },
  );
}

/** Sends a message without a payload. */
export function send(session: RealmSession, list: readonly unknown[]): void {
  session.send(encodeMessage(list.map(encodableId), session.serializer, session.isText));
}

/** Sends an ERROR with a sentence as its one argument. */
export function sendError(
  session: RealmSession,
  requestType: number,
  request: number,
  uri: string,
  sentence: string,
): void {
  send(session, [MessageType.ERROR, requestType, request, {}, uri, [sentence]]);
}

function build(session: RealmSession, head: readonly unknown[], payload: Payload | undefined) {
  const elements = head.map(encodableId);
  if (payload === undefined || payload.items.length === 0) {
    return encodeMessage(elements, session.serializer, session.isText);
  }
  try {
    return buildMessage(elements, payload, session.serializer, session.isText);
  } catch (thrown) {
    if (!(thrown instanceof UnrepresentableValue)) throw thrown;
    const name = messageTypeName(Number(head[0]));
    throw new Failure(`Cannot represent ${name} in ${session.serializer}: ${sentenceOf(thrown)}`, {
      source: "client",
      uri: ErrorUri.invalidArgument,
      cause: thrown,
    });
  }
}
