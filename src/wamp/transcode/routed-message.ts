/**
 * Checks the head of a routed message: its ids, and the request type of an ERROR.
 *
 * A message without a valid id belongs to no request, so its sender must not send it.
 *
 * @module
 */

import { Failure } from "#base/failure.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import { isId } from "#wamp/id.ts";
import type { RoutedMessages } from "#wamp/message-direction.ts";
import { MessageType, messageTypeName } from "#wamp/message-type.ts";
import type { WireMessage } from "#wamp/peer.ts";
import { hasIntegers, peekMessageType } from "#wamp/serializer/message-head.ts";
import type { SerializerName } from "#wamp/serializer-name.ts";
import { MalformedMessage } from "#wamp/token/malformed-message.ts";
import { UnrepresentableValue } from "#wamp/token/unrepresentable-value.ts";
import { sliceSoundItems } from "./payload-slice.ts";

/**
 * Checks a message of a type that its sender may send; `type` is what `peekMessageType` has just given for it.
 *
 * @throws Failure from the sender's side when an id is none, or when it may not send an ERROR for such a
 * request; MalformedMessage instead of it when the message is malformed too.
 */
export function checkRoutedMessage(
  message: WireMessage,
  serializer: SerializerName,
  type: number,
  allowed: RoutedMessages,
): void {
  // A message that is unusual, or wrong, is read with its serializer's reader.
  if (hasUsualIds(message, serializer, type, allowed)) return;
  const count = (allowed.ids[type] ?? 0) + (type === MessageType.ERROR ? 1 : 0);
  const items = sliceSoundItems(message, serializer);
  const head = Array.from({ length: count + 1 }, (_, at) => valueOrNone(() => items.value(at)));
  const wrong = wrongIn(head, allowed);
  if (wrong === undefined) return;
  if (items.fault !== undefined) throw items.fault;
  throw new Failure(`Cannot accept ${messageTypeName(type)}: ${wrong}`, {
    source: allowed.sender,
    uri: ErrorUri.protocolViolation,
  });
}

/**
 * Whether a message that begins with these octets is one that its sender may send. False also where more octets, or
 * its serializer's reader, are needed to tell.
 */
export function beginsRouted(
  head: Uint8Array,
  serializer: SerializerName,
  allowed: RoutedMessages,
): boolean {
  try {
    const type = peekMessageType(head, serializer);
    return allowed.ids[type] !== 0 && hasUsualIds(head, serializer, type, allowed);
  } catch (thrown) {
    if (thrown instanceof MalformedMessage) return false;
    throw thrown;
  }
}

/**
 * Whether all ids are integers below 2^53, spelled in the usual way, and an ERROR is for a request of this side. The
 * type was peeked just before.
 */
function hasUsualIds(
  message: WireMessage,
  serializer: SerializerName,
  type: number,
  { ids, errorFor }: RoutedMessages,
): boolean {
  const count = ids[type] ?? 0;
  return type === MessageType.ERROR
    ? hasIntegers(message, serializer, count + 1, errorFor)
    : hasIntegers(message, serializer, count);
}

/** What is wrong with the type and the elements that follow it, up to the last id; undefined: nothing. */
function wrongIn(
  head: readonly unknown[],
  { sender, errorFor }: RoutedMessages,
): string | undefined {
  const isError = head[0] === MessageType.ERROR;
  if (isError && !(errorFor as ReadonlySet<unknown>).has(head[1])) {
    return `a ${sender} may not send it for ${requestName(head[1])}`;
  }
  const firstId = isError ? 2 : 1;
  const wrong = head.findIndex((value, at) => at >= firstId && !isId(value));
  return wrong < 0 ? undefined : `element ${wrong} is no id`;
}

function requestName(requestType: unknown): string {
  return Number.isInteger(requestType)
    ? messageTypeName(requestType as number)
    : "what is no message type";
}

/** A value that no JavaScript value represents is no id. */
function valueOrNone(read: () => unknown): unknown {
  try {
    return read();
  } catch (thrown) {
    if (thrown instanceof UnrepresentableValue) return undefined;
    throw thrown;
  }
}
