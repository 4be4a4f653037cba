/**
 * The request that waits for a message, and gets an ERROR if the message cannot be forwarded.
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
import type { WireMessage } from "#wamp/peer.ts";
import type { SerializerName } from "#wamp/serializer-name.ts";
import { UnrepresentableValue } from "#wamp/token/unrepresentable-value.ts";
import { type MessageSlices, sliceSoundItems } from "#wamp/transcode/payload-slice.ts";

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
