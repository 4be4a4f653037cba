import { expect, test } from "bun:test";
import { appendJsonList, jsonItemEnd, jsonKindOf } from "#wamp/serializer/json/json-list.ts";
import { OctetBuffer } from "#wamp/token/octet-buffer.ts";

test.each([
  ["[1]", "list"],
  ["{}", "map"],
  ['"[', "other"],
  ["1", "other"],
  ["true", "other"],
  ["null", "null"],
] as const)("%s is a %s", (text, kind) => {
  expect(jsonKindOf(text.charCodeAt(0))).toBe(kind);
});

test.each([
  ["1,2", 2, 1],
  ["1 ,\n\t 2", 6, 1],
  ["[] \r]", 4, 2],
  ["1", 1, 1],
])("in %j the item before %d ends at %d", (text, next, end) => {
  expect(jsonItemEnd(Buffer.from(text), next)).toBe(end);
});

test.each([
  ["[]", 0, [], "[]"],
  ["[]", 0, ["1", "2"], "[1,2]"],
  ["[1,{}]", 2, ["[ ]"], "[1,{},[ ]]"],
])("%s with %d items and %j", (list, count, items, expected) => {
  const out = new OctetBuffer();
  appendJsonList(
    out,
    Buffer.from(list),
    count,
    items.map((item) => Buffer.from(item)),
  );
  expect(out.take().toString()).toBe(expected);
});
