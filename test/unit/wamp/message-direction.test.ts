/** Which side may send which message; the table is compared with the specification's, row by row. */

import { expect, test } from "bun:test";
import { routedMessagesOf } from "#wamp/message-direction.ts";
import { isMessageType, MessageType } from "#wamp/message-type.ts";

const CLIENT = [8, 16, 32, 34, 48, 49, 64, 66, 70];
const ROUTER = [8, 17, 33, 35, 36, 50, 65, 67, 68, 69];

test("clients and routers may send what the specification says, and nothing else", () => {
  const sent = (sender: "client" | "router") =>
    [...routedMessagesOf(sender).ids.entries()].flatMap(([type, ids]) => (ids > 0 ? [type] : []));
  expect(sent("client")).toEqual(CLIENT);
  expect(sent("router")).toEqual(ROUTER);
});

test("every message type has a sender, or opens or ends sessions", () => {
  for (const type of Object.values(MessageType)) {
    const isRouted = CLIENT.includes(type) || ROUTER.includes(type);
    expect(isMessageType(type) && type > MessageType.GOODBYE).toBe(isRouted);
  }
});

test("a client may send an ERROR for an INVOCATION, a router for the requests of clients", () => {
  expect([...routedMessagesOf("client").errorFor]).toEqual([68]);
  expect([...routedMessagesOf("router").errorFor]).toEqual([16, 32, 34, 48, 64, 66]);
});
