/** The answer of a router that is asked for the events that it keeps. */

import { expect, test } from "bun:test";
import { readKeptEvents } from "#transport/web/event-stream/kept-events.ts";
import { encodeMessage } from "#wamp/serializer/message-values.ts";
import type { WampAnswer } from "#wamp/wamp-caller.ts";

const serializers = ["json", "msgpack", "cbor"] as const;

/** As Crossbar answers. */
const event = (publication: number, more: object = {}) => ({
  time_ns: 1_700_000_000_000_000_000n + BigInt(publication),
  realm: "realm1",
  session_id: 1,
  authid: "alice",
  authrole: "user",
  publication,
  topic: "com.a",
  args: [publication],
  kwargs: { k: null },
  ...more,
});

/** The publications, times and arguments, the latter as JSON. */
function read(answer: WampAnswer) {
  return readKeptEvents(answer)?.map(({ publication, topic, time, payload }) => [
    publication,
    topic,
    time,
    ...payload.items.map((item) => Buffer.from(item).toString()),
  ]);
}

test.each(serializers)(
  "is read in %s, the oldest first, and arguments stay octets",
  (serializer) => {
    const args = [
      [event(3), event(2, { args: null }), event(1, { kwargs: null }), { publication: 4 }],
    ];
    const payload = { serializer, items: [encodeMessage(args, serializer)] };
    const events = readKeptEvents({ kind: "result", payload }) ?? [];
    expect(events.map(({ publication }) => publication)).toEqual([1, 2, 3]);
    expect(events.map(({ time }) => BigInt(time) - 1_700_000_000_000_000_000n)).toEqual([
      1n,
      2n,
      3n,
    ]);
    const hex = (values: unknown[]) =>
      Buffer.from(encodeMessage(values, serializer)).toString("hex");
    const [first, second, third] = events.map(({ payload: { items } }) =>
      items.map((item) => Buffer.from(item).toString("hex")),
    );
    expect([first?.length, first?.[0], second?.[0], third?.[0]]).toEqual([
      1,
      hex([1]),
      hex([]),
      hex([3]),
    ]);
    expect(third?.length).toBe(2);
  },
);

const json = (text: string): WampAnswer => ({
  kind: "result",
  payload: { serializer: "json", items: [Buffer.from(text)] },
});

test("keeps the digits of numbers, and one of several entries for the same event", () => {
  const twice = '{"publication":5,"topic":"a","args":[1.0, 9007199254740993]}';
  expect(read(json(`[[${twice},${twice},{"publication":4,"topic":"b","time_ns":7}]]`))).toEqual([
    [4, "b", 7, "[]"],
    [5, "a", 0, "[1.0, 9007199254740993]"],
  ]);
});

test.each<[string, WampAnswer]>([
  [
    "an ERROR",
    {
      kind: "error",
      uri: "wamp.error.no_such_procedure",
      payload: { serializer: "json", items: [] },
    },
  ],
  ["no arguments", { kind: "result", payload: { serializer: "json", items: [] } }],
  ["an empty list", json("[]")],
  ["null", json("[null]")],
  ["events that are the arguments themselves, as of nexus", json('[{"Publication":5}]')],
])("means that no events are kept: %s", (_, answer) => {
  expect(read(answer)).toBeUndefined();
});

test("may be that there are none yet", () => {
  expect(read(json("[[]]"))).toEqual([]);
});
