/**
 * Messages to sessions: a head of values, and a payload of octets that is not decoded.
 *
 * @module
 */

import { Failure, sentenceOf } from "#base/failure.ts";
import { giveOctets } from "#base/octet-ownership.ts";
import { HEAD_ROOM_OCTETS } from "#session/long-message.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import { MessageType, messageTypeName } from "#wamp/message-type.ts";
import type { WireMessage } from "#wamp/peer.ts";
import { encodeMessage } from "#wamp/serializer/message-values.ts";
import { serializers } from "#wamp/serializer/serializers.ts";
import type { SerializerName } from "#wamp/serializer-name.ts";
import { OctetBuffer } from "#wamp/token/octet-buffer.ts";
import { UnrepresentableValue } from "#wamp/token/unrepresentable-value.ts";
import { buildMessage, type Payload } from "#wamp/transcode/payload-slice.ts";
import { UnserializedMessage } from "#wamp/transcode/unserialized-message.ts";
import type { LongMessage, RoutedPayload } from "./incoming.ts";
import type { RealmSession } from "./realm-session.ts";

const NO_PAYLOAD: Payload = { serializer: "cbor", items: [] };

/** A payload from values, for messages of the router's own. */
export function payloadOf(args: readonly unknown[]): Payload {
  return { serializer: "cbor", items: [encodeMessage(args, "cbor")] };
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
  payload: RoutedPayload | undefined,
): WireMessage {
  if (session.forward !== undefined) return session.forward(head, payload);
  const message = messageIn(session.serializer, head, payload);
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
  if (message.length <= limit) return undefined;
  const name = messageTypeName(Number(head[0]));
  return new Failure(
    `Cannot send ${name}: longer than the ${limit} octets that its receiver takes`,
    { source: "client", uri: ErrorUri.payloadSizeExceeded },
  );
}

/**
 * Sends the answer to a call.
 *
 * @throws Failure as `messageFor` does.
 */
export function sendAnswer(
  session: RealmSession,
  head: readonly unknown[],
  payload: RoutedPayload | undefined,
): void {
  // The forms of a long payload are at hand.
  if (session.take === undefined || payload?.long !== undefined) {
    session.send(messageFor(session, head, payload));
    return;
  }
  session.take(unserialized(session.serializer, head, payload ?? NO_PAYLOAD));
}

/**
 * Sends a message without a payload.
 *
 * @throws Failure when the serializer cannot represent a value (`wamp.error.invalid_argument`).
 */
export function send(session: RealmSession, list: readonly unknown[]): void {
  if (session.forward !== undefined) session.forward(list, undefined);
  else if (session.take === undefined) session.send(messageIn(session.serializer, list, undefined));
  else session.take(new UnserializedMessage(list, NO_PAYLOAD, session.serializer));
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

/**
 * Serializes a message, however long it is.
 *
 * @throws Failure when the serializer cannot represent a value (`wamp.error.invalid_argument`).
 */
export function messageIn(
  serializer: SerializerName,
  head: readonly unknown[],
  payload: RoutedPayload | undefined,
): WireMessage {
  const form = payload?.long?.forms.get(serializer);
  if (typeof form === "string") throw unrepresentable(serializer, head, form);
  if (payload?.long !== undefined && form !== undefined) {
    const before = begin(head, payload.items.length, serializer);
    return longMessage(before, form, payload.long, serializer);
  }
  try {
    return payload === undefined
      ? encodeMessage(head, serializer)
      : buildMessage(head, payload, serializer);
  } catch (thrown) {
    throw refusalOf(thrown, serializer, head);
  }
}

/** What is thrown where a message cannot be made. */
function refusalOf(thrown: unknown, serializer: SerializerName, head: readonly unknown[]): unknown {
  if (!(thrown instanceof UnrepresentableValue)) return thrown;
  return unrepresentable(serializer, head, sentenceOf(thrown), thrown);
}

function unserialized(
  serializer: SerializerName,
  head: readonly unknown[],
  payload: Payload,
): UnserializedMessage {
  try {
    return new UnserializedMessage(head, payload, serializer);
  } catch (thrown) {
    throw refusalOf(thrown, serializer, head);
  }
}

/** What of a message comes before a payload of so many items. */
function begin(
  elements: readonly unknown[],
  count: number,
  serializer: SerializerName,
): Uint8Array {
  const head = encodeMessage(elements, serializer);
  const out = new OctetBuffer();
  const noItems = Array.from({ length: count }, () => new Uint8Array(0));
  serializers[serializer].appendList(out, head, elements.length, noItems);
  // Of JSON the commas between the items and the bracket behind them remain.
  return out.take().subarray(0, serializer === "json" ? -count : undefined);
}

/** A message in memory of its own, which its receiver may take: that of the payload, if it is not used yet. */
function longMessage(
  head: Uint8Array,
  form: Uint8Array<ArrayBuffer>,
  { usedForms }: LongMessage,
  serializer: SerializerName,
): Uint8Array {
  if (head.length <= HEAD_ROOM_OCTETS && !usedForms.has(serializer)) {
    usedForms.add(serializer);
    form.set(head, HEAD_ROOM_OCTETS - head.length);
    return giveOctets(form.subarray(HEAD_ROOM_OCTETS - head.length));
  }
  const payload = form.subarray(HEAD_ROOM_OCTETS);
  const message = Buffer.allocUnsafeSlow(head.length + payload.length);
  message.set(head);
  message.set(payload, head.length);
  return giveOctets(message);
}

function unrepresentable(
  serializer: SerializerName,
  head: readonly unknown[],
  sentence: string,
  cause?: unknown,
): Failure {
  const name = messageTypeName(Number(head[0]));
  return new Failure(`Cannot represent ${name} in ${serializer}: ${sentence}`, {
    source: "client",
    uri: ErrorUri.invalidArgument,
    cause,
  });
}
