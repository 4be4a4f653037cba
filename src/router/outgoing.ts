/**
 * Making messages for members: a head of values and a payload of octets that nobody decodes.
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
import type { Member } from "./member.ts";

/** A payload of the router's own, from values. */
export function payloadOf(args: readonly unknown[]): Payload {
  return { serializer: "json", items: [new TextEncoder().encode(JSON.stringify(args))] };
}

/**
 * The message for this member. Throws a Failure when its serializer has no way to tell a value
 * (`wamp.error.invalid_argument`) or when it is longer than the member takes
 * (`wamp.error.payload_size_exceeded`).
 */
export function messageFor(
  member: Member,
  head: readonly unknown[],
  payload: Payload | undefined,
): WireMessage {
  const message = build(member, head, payload);
  refuseTooLong(member, message, head);
  return message;
}

/** Refuses a message that is longer than the member announced to take. */
export function refuseTooLong(
  member: Member,
  message: WireMessage,
  head: readonly unknown[],
): void {
  const limit = member.maxSendOctets;
  if (!isLongerThan(message, limit)) return;
  const name = messageTypeName(Number(head[0]));
  throw new Failure(
    `Cannot send ${name}: longer than the ${limit} octets that its receiver takes`,
    {
      source: "client",
      uri: ErrorUri.payloadSizeExceeded,
    },
  );
}

/** Sends a short message of values alone. */
export function send(member: Member, list: readonly unknown[]): void {
  member.send(encodeMessage([...list], member.serializer, member.isText));
}

/** Sends an ERROR with one sentence. */
export function sendError(
  member: Member,
  requestType: number,
  request: number,
  uri: string,
  sentence: string,
): void {
  send(member, [MessageType.ERROR, requestType, request, {}, uri, [sentence]]);
}

function build(member: Member, head: readonly unknown[], payload: Payload | undefined) {
  if (payload === undefined || payload.items.length === 0) {
    return encodeMessage([...head], member.serializer, member.isText);
  }
  try {
    return buildMessage(head, payload, member.serializer, member.isText);
  } catch (thrown) {
    if (!(thrown instanceof UnrepresentableValue)) throw thrown;
    const name = messageTypeName(Number(head[0]));
    throw new Failure(`Cannot tell ${name} in ${member.serializer}: ${sentenceOf(thrown)}`, {
      source: "client",
      uri: ErrorUri.invalidArgument,
      cause: thrown,
    });
  }
}
