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
import { hasIntegers } from "#wamp/serializer/message-head.ts";
import type { SerializerName } from "#wamp/serializer-name.ts";
import { UnrepresentableValue } from "#wamp/token/unrepresentable-value.ts";
import { sliceSoundItems } from "./payload-slice.ts";

/**
 * Checks a message of a type that its sender may send.
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
  const isError = type === MessageType.ERROR;
  const count = (allowed.ids[type] ?? 0) + (isError ? 1 : 0);
  // Integers below 2^53 are ids. A message that is unusual, or wrong, is read with its serializer's reader.
  if (hasIntegers(message, serializer, count, isError ? allowed.errorFor : undefined)) return;
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
