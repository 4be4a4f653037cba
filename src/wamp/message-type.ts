/**
 * WAMP message types (WAMP specification, section "Message Types and Codes").
 *
 * @module
 */

/** Message type codes by name. */
export const MessageType = {
  HELLO: 1,
  WELCOME: 2,
  ABORT: 3,
  CHALLENGE: 4,
  AUTHENTICATE: 5,
  GOODBYE: 6,
  ERROR: 8,
  PUBLISH: 16,
  PUBLISHED: 17,
  SUBSCRIBE: 32,
  SUBSCRIBED: 33,
  UNSUBSCRIBE: 34,
  UNSUBSCRIBED: 35,
  EVENT: 36,
  CALL: 48,
  CANCEL: 49,
  RESULT: 50,
  REGISTER: 64,
  REGISTERED: 65,
  UNREGISTER: 66,
  UNREGISTERED: 67,
  INVOCATION: 68,
  INTERRUPT: 69,
  YIELD: 70,
} as const;

const NAMES = new Map<number, string>(
  Object.entries(MessageType).map(([name, code]) => [code, name]),
);

/** The name of a message type, or `message type N` for a code that WAMP does not have. */
export function messageTypeName(code: number): string {
  return NAMES.get(code) ?? `message type ${code}`;
}

/** Whether WAMP has a message type with this code. */
export function isMessageType(code: number): boolean {
  return NAMES.has(code);
}
