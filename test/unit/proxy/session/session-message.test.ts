import { describe, expect, test } from "bun:test";
import {
  forward,
  forwardEnd,
  isShutdown,
  refuseMalformed,
  send,
} from "#proxy/session/session-message.ts";
import { encodeMessage } from "#wamp/serializer/message-values.ts";
import { FakePeer } from "../../../support/fake-peer.ts";
import { utf8 } from "../../../support/utf8.ts";

const json = new FakePeer();
const cbor = (maxSendOctets = 65_536) => new FakePeer({ serializer: "cbor", maxSendOctets });

describe("a message that opens or ends a session", () => {
  test("is read whole up to 64 KiB, and of a longer one only the type", () => {
    const malformed = (octets: number) => utf8(`[6,{},"${"x".repeat(octets - 9)}"x`);
    expect(() => refuseMalformed(malformed(65_536), json)).toThrow("Cannot read a json message");
    refuseMalformed(malformed(65_537), json);
  });

  test("is forwarded in the other peer's serializer", () => {
    const to = cbor();
    forward(utf8('[1,"realm1",{"authid":"joe"}]'), 1, json, to);
    expect(to.sent).toEqual([[1, "realm1", { authid: "joe" }]]);
  });

  test("is sent", () => {
    const to = cbor(10);
    send([1, "realm", {}], to);
    expect(to.sent).toEqual([[1, "realm", {}]]);
  });

  test.each<[string, (to: FakePeer) => void, object]>([
    [
      "forwarded with a value that the other serializer lacks",
      (to) => forward(utf8('[1,"\\ud800",{}]'), 1, json, to),
      {
        message: expect.stringMatching(/^Cannot carry HELLO: Cannot represent /),
        uri: "wamp.error.invalid_argument",
      },
    ],
    [
      "forwarded where it is too long",
      (to) => forward(utf8('[1,"realm123",{}]'), 1, json, to),
      {
        message: "Cannot carry HELLO: longer than the 10 octets taken",
        uri: "wamp.error.payload_size_exceeded",
      },
    ],
    [
      "sent where it is too long",
      (to) => send([4, "realm123", {}], to),
      {
        message: "Cannot send CHALLENGE: longer than the 10 octets taken",
        uri: "wamp.error.payload_size_exceeded",
      },
    ],
  ])("is not %s", (_, act, failure) => {
    const to = cbor(10);
    expect(() => act(to)).toThrow(expect.objectContaining({ ...failure, source: "client" }));
    expect(to.sent).toEqual([]);
  });

  test("is not forwarded where it is malformed", () => {
    expect(() => forward(utf8("[1,"), 1, json, cbor())).toThrow("Cannot read a json message");
    expect(() => forwardEnd(utf8("[6,"), 6, json, cbor())).toThrow("Cannot read a json message");
  });
});

describe("the end of a session", () => {
  test("is forwarded with its reason", () => {
    const to = cbor();
    forwardEnd(utf8('[6,{},"com.example.over"]'), 6, json, to);
    expect(to.sent).toEqual([[6, {}, "com.example.over"]]);
  });

  test.each(['[6,{"message":"\\ud800"},"a.b"]', `[3,{"message":"${"x".repeat(100)}"},"a.b"]`])(
    "is a GOODBYE of the proxy's own where the reason cannot be sent: %s",
    (message) => {
      const to = cbor(50);
      forwardEnd(utf8(message), 6, json, to);
      expect(to.sent).toEqual([[6, {}, "wamp.close.close_realm"]]);
    },
  );

  test.each<[string, boolean]>([
    ['[6,{},"wamp.close.system_shutdown"]', true],
    ['[3,{},"wamp.close.system_shutdown"]', true],
    ['[6,{},"wamp.close.normal"]', false],
    ["[6]", false],
    ["[6,", false],
  ])("%s says that the router shuts down: %p", (message, isOne) => {
    expect(isShutdown(utf8(message), json)).toBe(isOne);
  });

  test("is no shutdown where it cannot be read", () => {
    const octets = encodeMessage([6, {}, "wamp.close.system_shutdown"], "cbor");
    expect(isShutdown(octets, cbor())).toBe(true);
    expect(isShutdown(octets, json)).toBe(false);
  });
});
