/** The heads of routed messages: ids in every spelling, and the request types of ERROR. */

import { describe, expect, test } from "bun:test";
import { Failure } from "#base/failure.ts";
import { routedMessagesOf, type Sender } from "#wamp/message-direction.ts";
import type { SerializerName } from "#wamp/serializer-name.ts";
import { MalformedMessage } from "#wamp/token/malformed-message.ts";
import { checkRoutedMessage } from "#wamp/transcode/routed-message.ts";
import { utf8 } from "../../../support/utf8.ts";

/** JSON is written as text. */
type Message = string | Uint8Array;

const octets = (hex: string) => Buffer.from(hex.replaceAll(" ", ""), "hex");

function check(message: Message, serializer: SerializerName, type: number, sender: Sender) {
  return () => checkRoutedMessage(utf8(message), serializer, type, routedMessagesOf(sender));
}

describe("a message is sound with", () => {
  test.each<[string, Message, SerializerName, number, Sender]>([
    ["the id 1", '[48,1,{},"a"]', "json", 48, "client"],
    ["the highest id", '[48,9007199254740992,{},"a"]', "json", 48, "client"],
    ["an id of 16 digits", '[48,9007199254740991,{},"a"]', "json", 48, "client"],
    ["an id of two digits", '[48,12,{},"a"]', "json", 48, "client"],
    ["white space", " [ 36 , 1\n,\t2 , {} ] ", "json", 36, "router"],
    ["an id that is written as a float", '[48,1.0,{},"a"]', "json", 48, "client"],
    ["an id with an exponent", '[48,1e3,{},"a"]', "json", 48, "client"],
    ["CBOR, one octet", octets("83 1824 01 02"), "cbor", 36, "router"],
    ["CBOR, eight octets", octets("83 1824 1b0000000100000000 1a00000001"), "cbor", 36, "router"],
    ["CBOR, 2^53", octets("83 1824 1b0020000000000000 02"), "cbor", 36, "router"],
    ["CBOR, a float", octets("83 1824 fb4000000000000000 02"), "cbor", 36, "router"],
    ["CBOR, a list without end", octets("9f 1824 01 02 ff"), "cbor", 36, "router"],
    ["CBOR, a tag in front", octets("d9d9f7 83 1824 01 02"), "cbor", 36, "router"],
    ["MsgPack, one octet", octets("93 24 01 02"), "msgpack", 36, "router"],
    ["MsgPack, eight octets", octets("93 24 cf0000000100000000 cd0100"), "msgpack", 36, "router"],
    ["MsgPack, signed", octets("93 24 d201000000 02"), "msgpack", 36, "router"],
    ["MsgPack, a float", octets("93 24 cb4000000000000000 02"), "msgpack", 36, "router"],
    ["ERROR of a callee", '[8,68,1,{},"a"]', "json", 8, "client"],
    ["ERROR for a CALL", '[8,48,1,{},"a"]', "json", 8, "router"],
    ["ERROR in CBOR", octets("85 08 1830 01 a0 6161"), "cbor", 8, "router"],
    ["the id 0, which Crossbar accepts", '[48,0,{},"a"]', "json", 48, "client"],
    ["the id 0 that is written as a float", '[48,0.0,{},"a"]', "json", 48, "client"],
    ["the id -0", '[48,-0,{},"a"]', "json", 48, "client"],
    ["UNREGISTERED that answers nothing", "[67,0,{}]", "json", 67, "router"],
    ["UNSUBSCRIBED that answers nothing", octets("83 1823 00 a0"), "cbor", 35, "router"],
  ])("%s", (_, message, serializer, type, sender) => {
    expect(check(message, serializer, type, sender)).not.toThrow();
  });
});

describe("a message is refused with", () => {
  const digits = "1".repeat(100_000);
  test.each<[string, Message, SerializerName, number, Sender, string]>([
    ["no id", "[48]", "json", 48, "client", "Cannot accept CALL: element 1 is no id"],
    ["null", '[48,null,{},"a"]', "json", 48, "client", "CALL: element 1 is no id"],
    ["-1", "[50,-1,{}]", "json", 50, "router", "RESULT: element 1 is no id"],
    ["1.5", "[50,1.5,{}]", "json", 50, "router", "RESULT: element 1 is no id"],
    ["2^53 + 1", "[50,9007199254740993,{}]", "json", 50, "router", "element 1 is no id"],
    ["100,000 digits", `[48,${digits},{},"a"]`, "json", 48, "client", "element 1 is no id"],
    ["a text", '[48,"1",{},"a"]', "json", 48, "client", "CALL: element 1 is no id"],
    ["null as its second id", "[33,1,null]", "json", 33, "router", "element 2 is no id"],
    ["one id of two", "[36,1]", "json", 36, "router", "EVENT: element 2 is no id"],
    ["null in CBOR", octets("83 1832 f6 a0"), "cbor", 50, "router", "element 1 is no id"],
    ["2^53 + 1 in CBOR", octets("83 1832 1b0020000000000001 a0"), "cbor", 50, "router", "no id"],
    ["an unknown tag", octets("83 1832 d9ffff01 a0"), "cbor", 50, "router", "element 1 is no id"],
    ["null in MsgPack", octets("93 32 c0 80"), "msgpack", 50, "router", "element 1 is no id"],
    [
      "ERROR for a CALL",
      '[8,48,1,{},"a"]',
      "json",
      8,
      "client",
      "a client may not send it for CALL",
    ],
    ["ERROR for no type", '[8,null,1,{},"a"]', "json", 8, "client", "for what is no message type"],
    ["ERROR, INVOCATION", '[8,68,1,{},"a"]', "json", 8, "router", "may not send it for INVOCATION"],
    ["ERROR without id", '[8,68,null,{},"a"]', "json", 8, "client", "ERROR: element 2 is no id"],
  ])("%s", (_, message, serializer, type, sender, sentence) => {
    expect(check(message, serializer, type, sender)).toThrow(sentence);
  });
});

describe("a message is malformed that", () => {
  test.each<[string, Message, SerializerName, number]>([
    ["ends within its first id", '[48,"', "json", 48],
    ["ends behind its type", "[48,", "json", 48],
    ["has no value for its id", "[48,}", "json", 48],
    ["ends within its second id", "[34,1,", "json", 34],
    ["ends behind an element that is no id", "[48,null,{}", "json", 48],
    ["is an ERROR and ends behind its type", "[8,", "json", 8],
    ["ends in CBOR behind its type", octets("9f 1830"), "cbor", 48],
    ["ends in CBOR behind null", octets("83 1830 f6"), "cbor", 48],
    ["ends in MsgPack behind its type", octets("93 30"), "msgpack", 48],
    ["has an octet c1 in MsgPack", octets("93 30 c1 80"), "msgpack", 48],
  ])("%s", (_, message, serializer, type) => {
    expect(check(message, serializer, type, "client")).toThrow(MalformedMessage);
  });
});

test.each<[Sender, number]>([
  ["client", 48],
  ["router", 50],
])("what a %s sent wrongly is its fault, and a violation of the protocol", (sender, type) => {
  let thrown: unknown;
  try {
    check(`[${type},null]`, "json", type, sender)();
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(Failure);
  expect(thrown).toMatchObject({ source: sender, uri: "wamp.error.protocol_violation" });
});
