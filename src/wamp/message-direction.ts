/**
 * Which side may send which message, and for which requests it may send an ERROR (WAMP specification,
 * sections "Message Codes and Direction" and "Protocol Errors").
 *
 * @module
 */

import { MessageType } from "./message-type.ts";

/** One of the two sides of a session. */
export type Sender = "client" | "router";

/** A routed message: it belongs to a joined session, and a proxy forwards it. */
interface RoutedMessage {
  type: number;
  senders: readonly Sender[];
  /** How many ids follow its type; of an ERROR: its request type. */
  ids: 1 | 2;
}

// biome-ignore format: a table
const ROUTED: readonly RoutedMessage[] = [
  { type: MessageType.ERROR,        senders: ["client", "router"], ids: 1 },
  { type: MessageType.PUBLISH,      senders: ["client"],           ids: 1 },
  { type: MessageType.PUBLISHED,    senders: ["router"],           ids: 2 },
  { type: MessageType.SUBSCRIBE,    senders: ["client"],           ids: 1 },
  { type: MessageType.SUBSCRIBED,   senders: ["router"],           ids: 2 },
  { type: MessageType.UNSUBSCRIBE,  senders: ["client"],           ids: 2 },
  { type: MessageType.UNSUBSCRIBED, senders: ["router"],           ids: 1 },
  { type: MessageType.EVENT,        senders: ["router"],           ids: 2 },
  { type: MessageType.CALL,         senders: ["client"],           ids: 1 },
  { type: MessageType.CANCEL,       senders: ["client"],           ids: 1 },
  { type: MessageType.RESULT,       senders: ["router"],           ids: 1 },
  { type: MessageType.REGISTER,     senders: ["client"],           ids: 1 },
  { type: MessageType.REGISTERED,   senders: ["router"],           ids: 2 },
  { type: MessageType.UNREGISTER,   senders: ["client"],           ids: 2 },
  { type: MessageType.UNREGISTERED, senders: ["router"],           ids: 1 },
  { type: MessageType.INVOCATION,   senders: ["router"],           ids: 2 },
  { type: MessageType.INTERRUPT,    senders: ["router"],           ids: 1 },
  { type: MessageType.YIELD,        senders: ["client"],           ids: 1 },
];

/** The requests for which a side may send an ERROR. */
const ERROR_FOR: Record<Sender, ReadonlySet<number>> = {
  client: new Set([MessageType.INVOCATION]),
  router: new Set([
    MessageType.PUBLISH,
    MessageType.SUBSCRIBE,
    MessageType.UNSUBSCRIBE,
    MessageType.CALL,
    MessageType.REGISTER,
    MessageType.UNREGISTER,
  ]),
};

/** The number of ids of each routed message, by sender and type; 0: the sender may not send it. */
const ID_COUNTS: Record<Sender, Uint8Array> = {
  client: idCounts("client"),
  router: idCounts("router"),
};

/** By message type, 0 to 255: the number of ids in a routed message that this side may send, or 0. */
export function routedMessagesOf(sender: Sender): Uint8Array {
  return ID_COUNTS[sender];
}

/** Whether this side may send an ERROR for a request of this type. */
export function maySendErrorFor(sender: Sender, requestType: unknown): boolean {
  return typeof requestType === "number" && ERROR_FOR[sender].has(requestType);
}

function idCounts(sender: Sender): Uint8Array {
  const counts = new Uint8Array(256);
  for (const { type, senders, ids } of ROUTED) if (senders.includes(sender)) counts[type] = ids;
  return counts;
}
