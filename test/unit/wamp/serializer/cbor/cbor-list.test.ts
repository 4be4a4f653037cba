import { expect, test } from "bun:test";
import { appendCborList, cborKindOf } from "#wamp/serializer/cbor/cbor-list.ts";
import { OctetBuffer } from "#wamp/token/octet-buffer.ts";
import { octetsOf } from "../../../../support/token-log.ts";

test("lists, maps and null are recognized by their first octet", () => {
  const octets = Array.from({ length: 256 }, (_, octet) => octet);
  const ofKind = (kind: string) => octets.filter((octet) => cborKindOf(octet) === kind);
  expect(ofKind("list")).toEqual(octets.slice(0x80, 0xa0));
  expect(ofKind("map")).toEqual(octets.slice(0xa0, 0xc0));
  expect(ofKind("null")).toEqual([0xf6]);
  expect(ofKind("other")).toHaveLength(256 - 65);
});

test("items are appended", () => {
  const out = new OctetBuffer();
  out.appendOctet(0xaa);
  appendCborList(out, octetsOf("82 1830 07"), 2, [octetsOf("8101"), octetsOf("a0")]);
  expect(out.take().toHex()).toBe("aa841830078101a0");
});

test("a list has at most 15 items", () => {
  const append = (more: number) => {
    const out = new OctetBuffer();
    appendCborList(out, octetsOf("82 1830 07"), 2, Array(more).fill(octetsOf("01")));
    return out.take().toHex();
  };
  expect(append(13)).toBe(`8f183007${"01".repeat(13)}`);
  expect(() => append(14)).toThrow("a WAMP message has no 16 items");
});
