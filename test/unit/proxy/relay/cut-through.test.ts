import { describe, expect, test } from "bun:test";
import { traffic } from "#observe/traffic.ts";
import { BackPressure } from "#proxy/relay/back-pressure.ts";
import { Relay } from "#proxy/relay/relay.ts";
import { FakePeer, type FakePeerOptions } from "../../../support/fake-peer.ts";

const LONG = 1_000_000;

/** A peer that takes messages part by part, of so many octets each. */
class PartPeer extends FakePeer {
  readonly begun: number[] = [];
  readonly parts: string[] = [];
  /** Whether it begins a message, and takes the next part at once. */
  begins = true;
  takesParts = true;

  beginMessage(octets: number): boolean {
    if (this.begins) this.begun.push(octets);
    return this.begins;
  }

  sendPart(octets: Uint8Array): boolean {
    this.parts.push(Buffer.from(octets).toString("latin1"));
    return this.takesParts;
  }
}

function relay(from: FakePeerOptions, to: FakePeerOptions, side: "client" | "router" = "router") {
  const source = new FakePeer(from);
  const target = new PartPeer(to);
  const options = { max_buffered: 64, stall_timeout: 0, max_outgoing: 2 ** 30 };
  const observer = { onStalled() {}, onUndeliverable() {}, late: 0 };
  const unanswered: number[] = [];
  const pressure = new BackPressure(source, target, options, { side, observer });
  const link = {
    observer: { ...observer, onLateMessage: () => void observer.late++ },
    backPressure: () => pressure,
    changeUnanswered: (change: number) => void unanswered.push(change),
    isStopped: false,
  };
  return {
    source,
    target,
    pressure,
    link,
    observer,
    unanswered,
    relay: new Relay(source, target, side, link),
  };
}

/** The begin of a message of octets, with what makes a part of it. */
const begin = (text: string) => Buffer.from(text.padEnd(100, "x"));
const CALL = begin('[48,1,{},"a",["');

const calls = () => traffic.fromClients.byType().find(({ type }) => type === 48)?.messages ?? 0;

test("a long message is counted once, when it begins", () => {
  const { relay: one, target } = relay({}, {});
  const { messages, octets } = traffic.fromClients;
  const callsBefore = calls();
  const parts = one.cutThrough(CALL, LONG);
  parts?.take(CALL);
  target.begins = false;
  one.cutThrough(CALL, LONG);
  expect(traffic.fromClients).toMatchObject({ messages: messages + 1, octets: octets + LONG });
  expect(calls()).toBe(callsBefore + 1);
});

describe("a long message is forwarded while it arrives", () => {
  test.each([
    ["client", '[48,1,{},"a",["'],
    ["client", '[ 16 , 9007199254740991 , {},"a",["'],
    ["client", '[70,1,{},["'],
    ["client", '[8,68,1,{},"a",["'],
    ["router", '[50,1,{},["'],
    ["router", '[36,1,2,{},["'],
    ["router", '[68,1,2,{},["'],
    ["router", '[8,48,1,{},"a",["'],
  ] as const)("from a %s: %s", (sender, head) => {
    const { relay: one, target } = relay({}, {}, sender === "client" ? "router" : "client");
    const parts = one.cutThrough(begin(head), LONG);
    parts?.take(Buffer.from("abc"));
    expect([target.begun, target.parts]).toEqual([[LONG], ["abc"]]);
  });

  test.each([
    ["is of the other side", "client", '[50,1,{},["'],
    ["is of the other side", "router", '[48,1,{},"a",["'],
    ["opens or ends a session", "client", '[1,"realm1",{"x":"'],
    ["opens or ends a session", "router", '[6,{"message":"'],
    ["has no id", "client", '[48,-1,{},"a",["'],
    ["has a float as id", "client", '[48,1.0,{},"a",["'],
    ["has half an id so far", "client", `[48,${" ".repeat(94)}12`],
    ["is an ERROR of the other side", "client", '[8,48,1,{},"a",["'],
    ["has no type", "client", '["'],
    ["is no list", "client", '{"a":"'],
  ] as const)("but is wanted whole when it %s (%s)", (_, sender, head) => {
    const { relay: one, target } = relay({}, {}, sender === "client" ? "router" : "client");
    expect(one.cutThrough(begin(head), LONG)).toBeNull();
    expect(target.begun).toEqual([]);
  });

  test("but is wanted whole by another serializer, a shorter limit, or a peer that takes no parts", () => {
    const binary = relay({}, { serializer: "cbor" });
    expect(binary.relay.cutThrough(CALL, LONG)).toBeNull();
    const short = relay({}, { maxSendOctets: LONG - 1 });
    expect(short.relay.cutThrough(CALL, LONG)).toBeNull();
    const whole = relay({}, {});
    whole.target.begins = false;
    expect(whole.relay.cutThrough(CALL, LONG)).toBeNull();
    expect([...binary.target.begun, ...short.target.begun]).toEqual([]);
  });

  test("and its sender is not read while its receiver takes no more", () => {
    const { relay: one, source, target, pressure } = relay({}, {});
    const parts = one.cutThrough(CALL, LONG);
    parts?.take(CALL);
    expect(source.paused).toBe(false);
    target.takesParts = false;
    parts?.take(CALL);
    expect(source.paused).toBe(true);
    pressure.drained();
    expect(source.paused).toBe(false);
  });

  test("and nothing of it after the end of the session, when it is late once", () => {
    const { relay: one, target, link, observer } = relay({}, {});
    const parts = one.cutThrough(CALL, 300);
    parts?.take(CALL);
    link.isStopped = true;
    parts?.take(CALL);
    expect([target.parts.length, observer.late]).toEqual([1, 0]);
    parts?.take(CALL);
    expect([target.parts.length, observer.late]).toEqual([1, 1]);
  });
});

test.each<[string, "router" | "client", string, number[]]>([
  ["call waits from its first octets on", "router", '[48,1,{},"a",["', [2, -1]],
  ["result is there with its last octets", "client", '[50,1,{},["', [1, -2]],
  ["event is waited for until its end", "client", '[36,1,2,{},["', [1, -1]],
])("a long %s", (_, side, text, expected) => {
  const { relay: one, unanswered } = relay({}, {}, side);
  const first = begin(text);
  const parts = one.cutThrough(first, 200);
  parts?.take(first);
  expect(unanswered).toEqual(expected.slice(0, 1));
  parts?.take(Buffer.from("x".repeat(100)));
  expect(unanswered).toEqual(expected);
});
