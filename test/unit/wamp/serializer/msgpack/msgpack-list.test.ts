import { expect, test } from "bun:test";
import { appendMsgpackList, msgpackKindOf } from "#wamp/serializer/msgpack/msgpack-list.ts";
import { OctetBuffer } from "#wamp/token/octet-buffer.ts";
import { octetsOf } from "../../../../support/token-log.ts";

test("lists, maps and null are recognized by their first octet", () => {
  const octets = Array.from({ length: 256 }, (_, octet) => octet);
  const range = (first: number, last: number) => octets.slice(first, last + 1);
  const ofKind = (kind: string) => octets.filter((octet) => msgpackKindOf(octet) === kind);
  expect(ofKind("list")).toEqual([...range(0x90, 0x9f), 0xdc, 0xdd]);
  expect(ofKind("map")).toEqual([...range(0x80, 0x8f), 0xde, 0xdf]);
  expect(ofKind("null")).toEqual([0xc0]);
  expect(ofKind("other")).toHaveLength(256 - 37);
});

test("items are appended", () => {
  const out = new OctetBuffer();
  out.appendOctet(0xaa);
  appendMsgpackList(out, octetsOf("92 30 07"), 2, [octetsOf("9101"), octetsOf("80")]);
  expect(out.take().toHex()).toBe("aa943007910180");
});

test("a list has at most 15 items", () => {
  const append = (more: number) => {
    const out = new OctetBuffer();
    appendMsgpackList(out, octetsOf("92 30 07"), 2, Array(more).fill(octetsOf("01")));
    return out.take().toHex();
  };
  expect(append(13)).toBe(`9f3007${"01".repeat(13)}`);
  expect(() => append(14)).toThrow("a WAMP message has no 16 items");
});
