/**
 * Counts the calls of a session that wait for their answers: those of the client, and those that it was asked to
 * perform. A session that is to end waits for them.
 *
 *     +1   CALL, INVOCATION
 *     -1   RESULT, YIELD, and ERROR for either of the two; a progressive result is no answer yet
 *
 * @module
 */

import { asRecord } from "#base/record.ts";
import { MessageType } from "#wamp/message-type.ts";
import type { WireMessage } from "#wamp/peer.ts";
import { hasIntegers, isEmptyMapNext, peekMessageType } from "#wamp/serializer/message-head.ts";
import type { SerializerName } from "#wamp/serializer-name.ts";
import { UnrepresentableValue } from "#wamp/token/unrepresentable-value.ts";
import { sliceSoundItems } from "#wamp/transcode/payload-slice.ts";

const CALLS: ReadonlySet<number> = new Set([MessageType.CALL, MessageType.INVOCATION]);

/** Details that say `progress` do so within so many octets; the payload behind them may be long. */
const DETAILS_OCTETS = 1024;

/** How much a message of this type changes the number of calls that wait; these may be its first octets alone. */
export function changeOfUnanswered(
  type: number,
  message: WireMessage,
  serializer: SerializerName,
): -1 | 0 | 1 {
  switch (type) {
    case MessageType.CALL:
    case MessageType.INVOCATION:
      return 1;
    case MessageType.RESULT:
    case MessageType.YIELD:
      return isProgressive(message, serializer) ? 0 : -1;
    case MessageType.ERROR:
      return isForCall(message, serializer) ? -1 : 0;
    default:
      return 0;
  }
}

/** Whether an ERROR that answers a request of this type answers a call. */
export function isCall(requestType: unknown): boolean {
  return (CALLS as ReadonlySet<unknown>).has(requestType);
}

/** Messages are read only if they may be progressive: most have no details at all. */
function isProgressive(message: WireMessage, serializer: SerializerName): boolean {
  peekMessageType(message, serializer);
  if (hasIntegers(message, serializer, 1) && isEmptyMapNext(message, serializer)) return false;
  const octets = Math.min(message.length, DETAILS_OCTETS);
  const head = Buffer.from(message.buffer, message.byteOffset, octets);
  return head.includes("progress") && asRecord(itemOf(message, serializer, 2))["progress"] === true;
}

function isForCall(message: WireMessage, serializer: SerializerName): boolean {
  peekMessageType(message, serializer);
  const isUsual = hasIntegers(message, serializer, 1, CALLS);
  return isUsual || isCall(itemOf(message, serializer, 1));
}

/** An item of a message; undefined where it is none that JavaScript represents. */
function itemOf(message: WireMessage, serializer: SerializerName, index: number): unknown {
  try {
    return sliceSoundItems(message, serializer).value(index);
  } catch (thrown) {
    if (thrown instanceof UnrepresentableValue) return undefined;
    throw thrown;
  }
}
