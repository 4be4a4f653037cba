/**
 * Items in the usual spelling, found without tokens, against the readers: the same ones, or none.
 *
 * CROSSPROXY_PROPERTY_RUNS sets the number of messages of each serializer, for long runs.
 */

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { isId } from "#wamp/id.ts";
import { isLooseUri } from "#wamp/loose-uri.ts";
import { usualItemBounds } from "#wamp/serializer/usual-items.ts";
import { SERIALIZER_NAMES, type SerializerName } from "#wamp/serializer-name.ts";
import { UnrepresentableValue } from "#wamp/token/unrepresentable-value.ts";
import {
  type MessageItems,
  MessageSlices,
  sliceMessage,
  sliceSoundItems,
} from "#wamp/transcode/payload-slice.ts";
import { serializedValues } from "../support/serialized-values.ts";
import { utf8 } from "../support/utf8.ts";

const numRuns = Number(process.env["CROSSPROXY_PROPERTY_RUNS"] ?? 2000);

/** A list of serialized items that begins with the message type 48. */
function listOf(items: readonly Buffer[], serializer: SerializerName): Buffer {
  const count = items.length + 1;
  if (serializer === "json") return Buffer.from(`[48,${items.map(String).join()}]`);
  return Buffer.concat([head(serializer, count), ...items]);
}

const head = (serializer: SerializerName, count: number) =>
  Buffer.from(serializer === "cbor" ? [0x80 | count, 0x18, 48] : [0x90 | count, 48]);

/** A message, perhaps with an octet that was changed. */
const messages = (serializer: SerializerName) =>
  fc
    .tuple(
      fc.array(serializedValues(serializer), { minLength: 1, maxLength: 4 }),
      fc.option(fc.tuple(fc.nat(), fc.nat(255)), { freq: 3 }),
    )
    .map(([items, change]) => {
      const message = listOf(items, serializer);
      if (change !== null) message[change[0] % message.length] = change[1];
      return message;
    });

const octetsOf = (items: MessageItems) =>
  Array.from({ length: items.length }, (_, index) =>
    Buffer.from(items.octets(index)).toString("hex"),
  );

function valueOrNone(items: MessageItems, index: number): unknown {
  try {
    return items.value(index);
  } catch (thrown) {
    if (thrown instanceof UnrepresentableValue) return undefined;
    throw thrown;
  }
}

describe.each([...SERIALIZER_NAMES])("messages of %s", (serializer) => {
  test("are found to have the items that their reader finds, or are left to it", () => {
    let taken = 0;
    fc.assert(
      fc.property(messages(serializer), (octets) => {
        const bounds = usualItemBounds(octets, serializer);
        if (bounds === undefined) return;
        taken += 1;
        const exact = sliceSoundItems(octets, serializer);
        expect(exact.fault).toBeUndefined();
        // The reader's slices have no items where there is no message type.
        if (exact.length === 0) return;
        expect(octetsOf(new MessageSlices(octets, serializer, bounds))).toEqual(octetsOf(exact));
      }),
      { numRuns },
    );
    // Otherwise a function would pass that finds nothing.
    expect(taken).toBeGreaterThan(numRuns / 20);
  });

  test("have integers, empty maps and URIs where their values say so, or may have", () => {
    const seen = { integer: 0, map: 0, uri: 0 };
    const value = fc.oneof(
      serializedValues(serializer),
      fc
        .constantFrom("com.example.topic", "a", "a..b", "ä", "a b", "x".repeat(130), "a.b#")
        .map((text) => serialized(text, serializer)),
      fc.constant(empty(serializer)),
    );
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 6 }), (values) => {
        const items = sliceSoundItems(listOf(values, serializer), serializer);
        for (let index = 0; index < items.length; index++) {
          const exact = valueOrNone(items, index);
          const integer = items.integer(index);
          if (integer >= 0) expect(isId(exact) && exact).toBe(integer);
          if (items.isEmptyMap(index)) expect(exact).toEqual({});
          const uri = items.uri(index);
          if (uri !== undefined) expect([uri, isLooseUri(uri)]).toEqual([exact as string, true]);
          seen.integer += Number(integer >= 0);
          seen.map += Number(items.isEmptyMap(index));
          seen.uri += Number(uri !== undefined);
        }
      }),
      { numRuns },
    );
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(numRuns / 20);
  });

  test("have nothing behind their last item", () => {
    const items = sliceMessage(listOf([serialized("a.b", serializer)], serializer), serializer);
    const behind = [items.integer(2), items.isEmptyMap(2), items.uri(2)];
    expect(behind).toEqual([-1, false, undefined]);
  });
});

function serialized(text: string, serializer: SerializerName): Buffer {
  if (serializer === "json") return Buffer.from(JSON.stringify(text));
  const octets = Buffer.from(text);
  const long = serializer === "cbor" ? 0x78 : 0xd9;
  const short = (serializer === "cbor" ? 0x60 : 0xa0) | octets.length;
  const code = octets.length < 24 ? [short] : [long, octets.length];
  return Buffer.concat([Buffer.from(code), octets]);
}

function empty(serializer: SerializerName): Buffer {
  if (serializer === "json") return Buffer.from("{}");
  return Buffer.from([serializer === "cbor" ? 0xa0 : 0x80]);
}

test.each([
  ["integers of 15 digits", "[999999999999999]", [999_999_999_999_999]],
  ["no integers of more", "[1000000000000000]", [-1]],
  ["no negative ones, floats and powers", "[-1,1.0,1e3]", [-1, -1, -1]],
  ["none in front of white space", "[48 ,1 ]", [-1, -1]],
])("of JSON, %s are read", (_, text, integers) => {
  const items = sliceMessage(utf8(`[0,${text.slice(1)}`), "json");
  expect(integers.map((_one, index) => items.integer(index + 1))).toEqual(integers);
});

test.each([
  '[0,"a\\"b","\\u00e9\\n",{"k\\"":[1,{}],"":[]},-0.5e+10,true,false,null]',
  `[0,"${"long ".repeat(20)}\\\\${"é".repeat(40)}\\""]`,
  `[0,${"[".repeat(30)}${"]".repeat(30)}]`,
])("JSON is usual: %s", (text) => {
  expect(usualItemBounds(utf8(text), "json")).toBeDefined();
});

test.each([
  "[0, 1]",
  "[]",
  "[0,]",
  "[0",
  "[0]]",
  "[0}",
  "[01]",
  "[1.]",
  "[1e]",
  "[-]",
  "[tru]",
  "[nul,0]",
  '["a]',
  '["\\x"]',
  '["\\u12g4"]',
  '["\t"]',
  "[{1:2}]",
  '[{"a"}]',
  '[{"a":1,}]',
  '[{"a":1]',
  "[[1}]",
  `[0,${"[".repeat(32)}${"]".repeat(32)}]`,
])("JSON is left to its reader: %s", (text) => {
  expect(usualItemBounds(utf8(text), "json")).toBeUndefined();
});

test("JSON that is not UTF-8 is left to its reader, within short texts and long ones", () => {
  for (const before of ["", "x".repeat(100)]) {
    const octets = Buffer.from(`[0,"${before}\xff"]`, "latin1");
    expect(usualItemBounds(octets, "json")).toBeUndefined();
  }
});
