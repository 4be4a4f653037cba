import { expect, test } from "bun:test";
import { isMessageType, MessageType, messageTypeName } from "#wamp/message-type.ts";

/** The table of the WAMP specification, section "Message Codes and Direction". */
const SPECIFIED: readonly (readonly [number, string])[] = [
  [1, "HELLO"],
  [2, "WELCOME"],
  [3, "ABORT"],
  [4, "CHALLENGE"],
  [5, "AUTHENTICATE"],
  [6, "GOODBYE"],
  [8, "ERROR"],
  [16, "PUBLISH"],
  [17, "PUBLISHED"],
  [32, "SUBSCRIBE"],
  [33, "SUBSCRIBED"],
  [34, "UNSUBSCRIBE"],
  [35, "UNSUBSCRIBED"],
  [36, "EVENT"],
  [48, "CALL"],
  [49, "CANCEL"],
  [50, "RESULT"],
  [64, "REGISTER"],
  [65, "REGISTERED"],
  [66, "UNREGISTER"],
  [67, "UNREGISTERED"],
  [68, "INVOCATION"],
  [69, "INTERRUPT"],
  [70, "YIELD"],
];

test("message types are those of the specification", () => {
  expect(Object.entries<number>(MessageType)).toEqual(
    SPECIFIED.map(([code, name]) => [name, code]),
  );
});

test.each(SPECIFIED)("%d is %s", (code, name) => {
  expect(isMessageType(code)).toBe(true);
  expect(messageTypeName(code)).toBe(name);
});

test.each([0, 7, 15, 71, 255, -1, Number.NaN])("%d is no message type", (code) => {
  expect(isMessageType(code)).toBe(false);
  expect(messageTypeName(code)).toBe(`message type ${code}`);
});
