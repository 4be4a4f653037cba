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

/** The routed messages that one side may send. */
export interface RoutedMessages {
  readonly sender: Sender;
  /** By message type, 0 to 255: the number of ids behind the type, or 0 if it may not send the type. */
  readonly ids: Uint8Array;
  /** The types of the requests for which it may send an ERROR. */
  readonly errorFor: ReadonlySet<number>;
}

const ROUTED_BY: Readonly<Record<Sender, RoutedMessages>> = {
  client: routedBy("client", [MessageType.INVOCATION]),
  router: routedBy("router", [
    MessageType.PUBLISH,
    MessageType.SUBSCRIBE,
    MessageType.UNSUBSCRIBE,
    MessageType.CALL,
    MessageType.REGISTER,
    MessageType.UNREGISTER,
  ]),
};

/** The routed messages that this side may send. */
export function routedMessagesOf(sender: Sender): RoutedMessages {
  return ROUTED_BY[sender];
}

function routedBy(sender: Sender, errorFor: readonly number[]): RoutedMessages {
  const counts = new Uint8Array(256);
  for (const { type, senders, ids } of ROUTED) if (senders.includes(sender)) counts[type] = ids;
  return { sender, ids: counts, errorFor: new Set(errorFor) };
}
