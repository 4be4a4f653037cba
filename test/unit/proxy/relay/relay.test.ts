import { describe, expect, spyOn, test } from "bun:test";
import { traffic } from "#observe/traffic.ts";
import { BackPressure, type Side } from "#proxy/relay/back-pressure.ts";
import { Relay } from "#proxy/relay/relay.ts";
import type { Undeliverable } from "#proxy/relay/undeliverable.ts";
import { encodeMessage } from "#wamp/serializer/message-values.ts";
import { FakePeer, type FakePeerOptions } from "../../../support/fake-peer.ts";
import { utf8 } from "../../../support/utf8.ts";

const hex = (message: string | Uint8Array | undefined) =>
  typeof message === "string" ? message : Buffer.from(message ?? []).toString("hex");
const octets = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(" ", ""), "hex"));

function relay(from: FakePeerOptions, to: FakePeerOptions, side: Side = "router") {
  const source = new FakePeer(from);
  const target = new FakePeer(to);
  const leftOut: Undeliverable[] = [];
  const unanswered: number[] = [];
  const failed = Promise.withResolvers<unknown>();
  const options = { max_buffered: 64, stall_timeout: 0, max_outgoing: 2 ** 30 };
  const pressure = new BackPressure(source, target, options, {
    side,
    observer: { onStalled() {} },
  });
  return {
    source,
    target,
    pressure,
    leftOut,
    unanswered,
    failed: failed.promise,
    relay: withText(
      new Relay(source, target, side, {
        observer: {
          onUndeliverable: (_, why) => leftOut.push(why),
          onForwardFailed: (at, thrown) => failed.resolve([at, thrown]),
        },
        backPressure: () => pressure,
        changeUnanswered: (change) => unanswered.push(change),
        isStopped: false,
      }),
    ),
  };
}

/** A relay of messages that may be written as text. */
function withText(one: Relay) {
  return {
    forward: (message: string | Uint8Array) => one.forward(utf8(message)),
    refuse: (message: string, why: Undeliverable, onNone?: () => void) =>
      one.refuse(utf8(message), why, onNone),
  };
}

describe("relay", () => {
  test("passes the very same octets between equal serializers", () => {
    const { relay: one, target } = relay({ serializer: "cbor" }, { serializer: "cbor" });
    // CALL with a float32, an indefinite list and a needlessly long integer.
    const call = "85 1830 1a00000001 a0 6161 9f fa3f800000 ff";
    expect(one.forward(octets(call))).toBeUndefined();
    expect(hex(target.wire[0])).toBe(call.replaceAll(" ", ""));
  });

  test.each([
    ["router", "fromClients", '[48,1,{},"a"]', '[6,{},"wamp.close.normal"]'],
    ["client", "toClients", "[50,1,{}]", '[3,{},"wamp.error.canceled"]'],
  ] as const)("counts what goes to the %s as its sender has it, if it is routed", (...row) => {
    const [side, direction, routed, other] = row;
    const { relay: one } = relay({ serializer: "json" }, { serializer: "cbor" }, side);
    const before = structuredClone(traffic);
    one.forward(routed);
    one.forward(other);
    expect(() => one.forward(routed.replace("1", "null"))).toThrow();
    expect(traffic).toMatchObject({
      ...before,
      [direction]: {
        messages: before[direction].messages + 1,
        octets: before[direction].octets + routed.length,
      },
    });
  });

  test("transcodes between different ones", () => {
    const { relay: one, target } = relay({ serializer: "json" }, { serializer: "cbor" });
    one.forward('[48,1,{},"a",[1.0,18446744073709551615]]');
    expect(hex(target.wire[0])).toBe("85183001a0616182fb3ff00000000000001bffffffffffffffff");
  });

  test.each([
    [0, "[0,1,2]"],
    [1, '[1,"realm1",{}]'],
    [2, "[2,1,{}]"],
    [3, '[3,{},"a"]'],
    [6, '[6,{},"a"]'],
    [9, "[9]"],
    [255, "[255]"],
  ])("hands back message type %p", (type, message) => {
    for (const side of ["router", "client"] as const) {
      const { relay: one, target } = relay({}, {}, side);
      expect(one.forward(message)).toBe(type);
      expect(target.wire).toEqual([]);
    }
  });

  test.each([
    ["router", "client", "[36,1,2,{}]", 36],
    ["router", "client", "[50,1,{}]", 50],
    ["client", "router", '[48,1,{},"a"]', 48],
    ["client", "router", "[70,1,{}]", 70],
  ] as const)("hands back what a %s alone may send, from a %s", (_, sender, message, type) => {
    const { relay: one, target } = relay({}, {}, sender === "client" ? "router" : "client");
    expect(one.forward(message)).toBe(type);
    expect(target.wire).toEqual([]);
  });

  test.each([
    ["client", '[48,null,{},"a"]', "Cannot accept CALL: element 1 is no id"],
    ["client", '[48,"\\ud800",{},"a"]', "Cannot accept CALL: element 1 is no id"],
    ["client", '[8,48,1,{},"a"]', "Cannot accept ERROR: a client may not send it for CALL"],
    ["router", "[50,null,{}]", "Cannot accept RESULT: element 1 is no id"],
    ["router", '[17,7,"\\ud800"]', "Cannot accept PUBLISHED: element 2 is no id"],
    ["router", '[8,48,null,{},"a"]', "Cannot accept ERROR: element 2 is no id"],
    ["router", '[8,68,1,{},"a"]', "Cannot accept ERROR: a router may not send it for INVOCATION"],
  ] as const)("refuses a %s's %s", (sender, message, sentence) => {
    const { relay: one, target } = relay({}, {}, sender === "client" ? "router" : "client");
    expect(() => one.forward(message)).toThrow(sentence);
    expect(target.wire).toEqual([]);
  });

  test("answers no message that its sender may not send, however long it is", () => {
    const why = { uri: "wamp.error.payload_size_exceeded", sentence: "too long" };
    const { relay: one, source, target } = relay({}, {});
    for (const message of ['[8,48,1,{},"a"]', "[50,1,{}]", '[48,null,{},"a"]', "[]"]) {
      expect(one.refuse(message, why)).toBe(false);
    }
    expect([...source.sent, ...target.sent]).toEqual([]);
    expect(one.refuse('[48,1,{},"a"]', why)).toBe(true);
  });

  test.each([
    // The undeliverable message, its receiver, the peer that is answered, and the ERROR's request.
    ["CALL", '[48,7,{},"a",["\\ud800"]]', "router", "source", [48, 7]],
    [
      "PUBLISH with acknowledge",
      '[16,7,{"acknowledge":true},"a",["\\ud800"]]',
      "router",
      "source",
      [16, 7],
    ],
    ["YIELD", '[70,7,{},["\\ud800"]]', "router", "target", [68, 7]],
    ["ERROR of an INVOCATION", '[8,68,7,{},"a",["\\ud800"]]', "router", "target", [68, 7]],
    ["RESULT", '[50,7,{},["\\ud800"]]', "client", "target", [48, 7]],
    ["INVOCATION", '[68,7,1,{},["\\ud800"]]', "client", "source", [68, 7]],
  ] as const)("answers %s that cannot be told", (_, message, side, who, request) => {
    const { relay: one, source, target } = relay({}, { serializer: "msgpack" }, side);
    expect(one.forward(message)).toBeUndefined();
    const [answered, other] = who === "source" ? [source, target] : [target, source];
    expect(other.sent).toEqual([]);
    expect(answered.sent).toHaveLength(1);
    expect(answered.sent[0]?.slice(0, 3)).toEqual([8, ...request]);
    expect(answered.sent[0]?.[4]).toBe("wamp.error.invalid_argument");
  });

  test.each([
    ["EVENT", '[36,1,2,{},["\\ud800"]]', "client"],
    ["a progressive RESULT", '[50,7,{"progress":true},["\\ud800"]]', "client"],
    ["a progressive YIELD", '[70,7,{"progress":true},["\\ud800"]]', "router"],
    ["CANCEL", '[49,7,{"mode":"\\ud800"}]', "router"],
    ["INTERRUPT", '[69,7,{"mode":"\\ud800"}]', "client"],
    ["PUBLISH without acknowledge", '[16,7,{},"a",["\\ud800"]]', "router"],
  ] as const)("leaves out %s that cannot be represented, and logs it", (_, message, side) => {
    const { relay: one, source, target, leftOut } = relay({}, { serializer: "msgpack" }, side);
    expect(one.forward(message)).toBeUndefined();
    expect([...source.sent, ...target.sent]).toEqual([]);
    expect(leftOut).toHaveLength(1);
    expect(leftOut[0]?.uri).toBe("wamp.error.invalid_argument");
  });

  test.each([
    ["EVENT", `[36,1,2,{},${"[".repeat(1100)}${"]".repeat(1100)}]`, []],
    ["RESULT", `[50,7,{},${"[".repeat(1100)}${"]".repeat(1100)}]`, [8, 48, 7]],
    ["RESULT of the highest id", `[50,9007199254740992,{},["\\ud800"]]`, [8, 48, 2 ** 53]],
    ["RESULT with NaN", "[50,7,{},[NaN]]", [8, 48, 7]],
  ] as const)("answers a router's %s that cannot be forwarded", (_, message, answer) => {
    const { relay: one, target } = relay({}, { serializer: "msgpack" }, "client");
    one.forward(message);
    expect(target.sent[0]?.slice(0, 3) ?? []).toEqual([...answer]);
  });

  test("throws what is malformed of a client", () => {
    const { relay: one } = relay({}, { serializer: "msgpack" });
    expect(() => one.forward("[48,7,{},[NaN]]")).toThrow("Cannot read a json message");
  });

  test("answers a message that is longer than its receiver takes", () => {
    const { relay: one, source, target } = relay({}, { serializer: "cbor", maxSendOctets: 16 });
    one.forward('[48,7,{},"a",["0123456789"]]');
    expect(target.sent).toEqual([]);
    expect(source.take()[0]).toEqual([
      8,
      48,
      7,
      {},
      "wamp.error.payload_size_exceeded",
      ["Cannot carry message: longer than the 16 octets that its receiver takes"],
    ]);
  });

  test("pauses the source while it does not take the ERRORs for its own messages", () => {
    const { relay: one, source, pressure, leftOut } = relay({}, { serializer: "msgpack" });
    source.takes = false;
    for (let count = 0; count < 3; count++) one.forward('[48,7,{},"a",["\\ud800"]]');
    expect(source.paused).toBe(true);
    expect(leftOut).toEqual([]);
    pressure.drained();
    expect(source.paused).toBe(true);
    pressure.senderDrained();
    expect(source.paused).toBe(false);
  });

  test("pauses the source while the target does not take the ERRORs instead of its messages", () => {
    const { relay: one, source, target } = relay({}, { serializer: "msgpack" });
    target.takes = false;
    for (let count = 0; count < 3; count++) one.forward('[70,7,{},["\\ud800"]]');
    expect(source.paused).toBe(true);
  });

  test("pauses the source while a long message is in the other thread", async () => {
    const { relay: one, source, target, pressure } = relay({}, { serializer: "cbor" });
    one.forward(`[48,7,{},"a",["${"x".repeat(300_000)}"]]`);
    expect(source.paused).toBe(true);
    pressure.drained();
    expect(source.paused).toBe(true);
    expect((await target.next())[1]).toBe(7);
    expect(source.paused).toBe(false);
  });

  test("sends nothing that comes back from the other thread when the session is over", async () => {
    const { relay: one, source, target, pressure } = relay({}, { serializer: "cbor" });
    one.forward(`[48,7,{},"a",["${"x".repeat(300_000)}"]]`);
    pressure.stop();
    expect(source.paused).toBe(false);
    const other = relay({}, { serializer: "cbor" });
    other.relay.forward(`[48,7,{},"a",["${"x".repeat(300_000)}"]]`);
    await other.target.next();
    expect(target.sent).toEqual([]);
  });

  test("pauses the source while the target takes nothing", () => {
    const { relay: one, source, target } = relay({}, {});
    target.takes = false;
    const call = '[48,7,{},"a",["0123456789 0123456789 0123456789"]]';
    for (let count = 0; count < 3; count++) one.forward(call);
    expect(source.paused).toBe(true);
  });
});

describe("a long message", () => {
  const long = "x".repeat(300_000);

  test.each([
    ["that the target takes", true],
    ["that waits for the target", false],
  ])("%s slows the source down accordingly", async (_, takes) => {
    const { relay: one, source, target, pressure } = relay({}, { serializer: "cbor" });
    target.takes = takes;
    const behind = spyOn(pressure, "behind");
    one.forward(`[48,7,{},"a",["${long}"]]`);
    await target.next();
    expect(source.paused).toBe(!takes);
    expect(behind).toHaveBeenCalledTimes(takes ? 0 : 1);
  });
  const sentence = "Cannot carry message: longer than the 200000 octets that its receiver takes";

  test("arrives in the serializer of its receiver", async () => {
    const { relay: one, target } = relay({ serializer: "cbor" }, {});
    one.forward(encodeMessage([48, 7, {}, "a", [`${long}ü`]], "cbor"));
    await target.next();
    expect(target.wire).toEqual([`[48,7,{},"a",["${long}ü"]]`]);
  });

  test("is sent at once between equal serializers", () => {
    const { relay: one, source, target } = relay({}, {});
    one.forward(`[48,7,{},"a",["${long}"]]`);
    expect(target.wire).toEqual([`[48,7,{},"a",["${long}"]]`]);
    expect(source.paused).toBe(false);
  });

  test("that is too long for its receiver is answered", async () => {
    const { relay: one, source } = relay({}, { serializer: "cbor", maxSendOctets: 200_000 });
    one.forward(`[48,7,{},"a",["${long}"]]`);
    const error = [8, 48, 7, {}, "wamp.error.payload_size_exceeded", [sentence]];
    expect(await source.next()).toEqual(error);
    expect(source.paused).toBe(false);
  });

  test.each([
    ["that is too long", "x", "wamp.error.payload_size_exceeded"],
    ["that cannot be represented", "\\ud800", "wamp.error.invalid_argument"],
  ])("%s, and that no peer waits for, is left out", async (_, more, uri) => {
    const to = { serializer: "cbor", maxSendOctets: 200_000 } as const;
    const { relay: one, source, leftOut } = relay({}, to, "client");
    one.forward(`[36,1,2,{},["${long}${more}"]]`);
    while (source.paused) await new Promise((resolve) => setImmediate(resolve));
    expect(leftOut.map((why) => why.uri)).toEqual([uri]);
  });

  test("of a client that is malformed fails", async () => {
    const { relay: one, failed } = relay({}, { serializer: "cbor" });
    one.forward(`[48,7,{},"a",["${long}",NaN]]`);
    const message = expect.stringMatching(/^Cannot read a json message: /);
    expect(await failed).toEqual(["router", expect.objectContaining({ message })]);
  });

  test("of a router that is malformed behind its head is answered", async () => {
    const { relay: one, target } = relay({}, { serializer: "cbor" }, "client");
    one.forward(`[50,7,{},["${long}",NaN]]`);
    expect((await target.next()).slice(0, 5)).toEqual([
      8,
      48,
      7,
      {},
      "wamp.error.invalid_argument",
    ]);
  });

  test("that is refused is answered later, or somebody is told that no peer waits", async () => {
    const why = { uri: "wamp.error.payload_size_exceeded", sentence: "too long" };
    const { relay: one, source } = relay({}, {});
    expect(one.refuse(`[48,7,{},"a",["${long}"]]`, why)).toBe(true);
    expect(await source.next()).toEqual([8, 48, 7, {}, why.uri, [why.sentence]]);
    const told = Promise.withResolvers<void>();
    expect(one.refuse(`[16,7,{},"a",["${long}"]]`, why, told.resolve)).toBe(true);
    await told.promise;
  });
});

describe("events for many subscribers", () => {
  const event = (text: string) => encodeMessage([36, 1, 2, {}, [text]], "cbor");

  test("reach each of them as they are", () => {
    const many = Array.from({ length: 4 }, () => relay({ serializer: "cbor" }, {}, "client"));
    for (const text of ["one", "two", "one", "three"]) {
      for (const { relay: one } of many) one.forward(event(text));
    }
    for (const { target } of many) {
      expect(target.wire).toEqual(
        ["one", "two", "one", "three"].map((text) => `[36,1,2,{},["${text}"]]`),
      );
    }
  });

  test.each([
    ["are transcoded twice only", "[36,1,2,{}]", "client", 3],
    ["are the only messages of which that is so", '[48,1,{},"a"]', "router", 4],
  ] as const)("%s", (_, message, side, different) => {
    const sent = Array.from({ length: 4 }, () => {
      const { relay: one, target } = relay({}, { serializer: "cbor" }, side);
      const send = spyOn(target, "send");
      one.forward(message);
      return send.mock.calls[0]?.[0];
    });
    expect(new Set(sent).size).toBe(different);
  });

  test("are not confused when they differ behind their heads alone", () => {
    const { relay: one, target } = relay({ serializer: "cbor" }, {}, "client");
    const long = "x".repeat(100);
    for (const end of "aabbabba") one.forward(event(long + end));
    expect(target.wire.map((text) => String(text).at(-4))).toEqual([..."aabbabba"]);
  });

  test("longer than what is remembered are carried all the same", async () => {
    const { relay: one, target } = relay({ serializer: "cbor" }, {}, "client");
    const long = "x".repeat(1_000_000);
    for (const end of "aabbccddaabb") {
      one.forward(event(long + end));
      await target.next();
    }
    expect(target.wire.map((text) => String(text).at(-4))).toEqual([..."aabbccddaabb"]);
  });
});
