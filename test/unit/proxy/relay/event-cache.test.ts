import { expect, test } from "bun:test";
import { eventTranscoderFor } from "#proxy/relay/event-cache.ts";
import { encodeMessage } from "#wamp/serializer/message-values.ts";
import { octetsOf } from "../../../support/token-log.ts";
import { utf8 } from "../../../support/utf8.ts";

const toJson = eventTranscoderFor("cbor", "json");
const toCbor = eventTranscoderFor("json", "cbor");
const transcode = (octets: Uint8Array) => Buffer.from(toJson(octets)).toString();
const back = (text: string) => toCbor(utf8(text));

/** An event with ids that no other test uses. */
let publication = 0;
function event(argument = "x") {
  publication += 1;
  const message = [36, 1, publication, {}, [argument]];
  return {
    octets: () => encodeMessage(message, "cbor"),
    text: JSON.stringify(message),
  };
}

/** Octets that were kept are the same object again; others are transcoded anew. */
function isKept(text: string): boolean {
  const [one, other] = [back(text), back(text)];
  return one === other;
}

test("an event is kept when it was seen twice, and the same octets come from then on", () => {
  const { text } = event();
  const [first, second] = [back(text), back(text)];
  expect(first).not.toBe(second);
  const third = back(text);
  expect(back(text)).toBe(third);
  expect(third).toEqual(new Uint8Array(first));
});

test("events of CBOR are kept likewise, and not confused", () => {
  const long = "z".repeat(100);
  const of = (end: string) => encodeMessage([36, 7, 7, {}, [long + end]], "cbor");
  toJson(of("a"));
  const second = toJson(of("a"));
  const third = toJson(of("a"));
  expect(third).not.toBe(second);
  expect(toJson(of("a"))).toBe(third);
  for (const end of ["b", "a", "a", "a", "b", "ab"]) {
    const octets = Buffer.from(toJson(of(end)));
    expect(octets.toString()).toBe(`[36,7,7,{},["${long}${end}"]]`);
  }
});

test("several events are kept at the same time, however many were forgotten before", () => {
  const payload = "x".repeat(200_000);
  for (let count = 0; count < 40; count++) {
    const text = `[36,1,${++publication},{},["${payload}"]]`;
    for (const _ of [1, 2]) back(text);
  }
  const texts = Array.from({ length: 8 }, () => event().text);
  for (const text of texts) for (const _ of [1, 2]) back(text);
  const known = texts.map((text) => back(text));
  // Some of them take the place of another.
  const kept = texts.filter((text, at) => back(text) === known[at]);
  expect(kept.length).toBeGreaterThanOrEqual(4);
});

test("an event that is as long as one with the same head is another", () => {
  const long = "x".repeat(100);
  const said = (end: string) => `[36,1,2,{},["${long}${end}"]]`;
  for (const end of ["a", "a", "b", "a", "b", "b", "a"]) {
    const octets = encodeMessage([36, 1, 2, {}, [long + end]], "cbor");
    expect(transcode(octets)).toBe(said(end));
    expect(back(said(end))).toEqual(octets);
  }
});

test("what is kept does not change with the octets that were borrowed", () => {
  const { octets, text } = event("y".repeat(40));
  for (let count = 0; count < 3; count++) {
    const borrowed = octets();
    expect(transcode(borrowed)).toBe(text);
    borrowed.fill(0);
  }
  const { text: other } = event();
  back(other);
  const given = back(other);
  const copy = new Uint8Array(given);
  given.fill(0);
  expect(back(other)).toEqual(copy);
});

test("an event longer than 1 MiB is not kept", () => {
  const of = (length: number) => {
    const text = `[36,1,${++publication},{},[""]]`;
    return text.replace('""', `"${"x".repeat(length - text.length)}"`);
  };
  const longest = of(1024 * 1024);
  expect(longest).toHaveLength(1024 * 1024);
  back(longest);
  back(longest);
  expect(isKept(longest)).toBe(true);
  const longer = of(1024 * 1024 + 1);
  back(longer);
  back(longer);
  expect(isKept(longer)).toBe(false);
});

test("at most 4 MiB are kept together, of the latest events", () => {
  // Each takes 1.2 MB with its transcoded form.
  const payload = "x".repeat(600_000);
  const texts = Array.from({ length: 5 }, () => `[36,1,${++publication},{},["${payload}"]]`);
  for (const text of texts) for (const _ of [1, 2]) back(text);
  expect(isKept(texts.at(-1) ?? "")).toBe(true);
  expect(isKept(texts[0] ?? "")).toBe(false);
});

test("the event with which there would be more than 4 MiB displaces all others", () => {
  const toMsgpack = eventTranscoderFor("json", "msgpack");
  // Each takes 1.2 MB. Ids that follow each other do not take each other's place.
  const payload = "x".repeat(600_000);
  const at = (id: number) => toMsgpack(utf8(`[36,1,100${id},{},["${payload}"]]`));
  const isKeptAt = (id: number) => new Set([at(id), at(id)]).size === 1;
  for (const id of [1, 2, 3]) for (const _ of [1, 2]) at(id);
  expect([1, 2, 3].map(isKeptAt)).toEqual([true, true, true]);
  for (const _ of [1, 2]) at(4);
  expect([4, 1].map(isKeptAt)).toEqual([true, false]);
});

test("events of octets that differ in an id alone are kept at the same time", () => {
  const toMsgpack = eventTranscoderFor("cbor", "msgpack");
  const events = [1, 2, 3, 4].map((id) => encodeMessage([36, 1, id, {}, []], "cbor"));
  for (const _ of [1, 2]) for (const octets of events) toMsgpack(octets);
  const known = events.map((octets) => toMsgpack(octets));
  expect(events.map((octets, at) => toMsgpack(octets) === known[at])).toEqual(Array(4).fill(true));
});

test("between equal serializers nothing is kept", () => {
  const same = eventTranscoderFor("cbor", "cbor");
  for (const octets of [1, 2, 3].map(() => octetsOf("85 1824 01 02 a0 80"))) {
    expect(same(octets)).toBe(octets);
  }
});

test("sessions with the same serializers share what is kept, and others do not", () => {
  const { text } = event();
  back(text);
  back(text);
  expect(eventTranscoderFor("json", "cbor")(utf8(text))).toBe(back(text));
  const msgpack = eventTranscoderFor("json", "msgpack");
  for (let count = 0; count < 3; count++) expect(msgpack(utf8(text))[0]).toBe(0x95);
});
