import { expect, test } from "bun:test";
import { appendCborList, cborKindOf, peekCbor } from "#wamp/serializer/cbor/cbor-list.ts";
import { OctetBuffer } from "#wamp/token/octet-buffer.ts";
import { octetsOf } from "../../../../support/token-log.ts";

test.each([
  ["81 00", 0],
  ["81 06", 6],
  ["97 17", 23],
  ["83 1830", 48],
  ["83 18ff", 255],
  ["83 190030", 48],
  ["83 1a00000030", 48],
  ["83 1b0000000000000030", 48],
  ["98 03 06", 6],
  ["99 0003 06", 6],
  ["9a 00000003 06", 6],
  ["9b 0000000000000003 06", 6],
  ["9f 1830", 48],
  ["d9d9f7 83 1830", 48],
])("%s has message type %d", (hex, type) => {
  expect(peekCbor(octetsOf(hex))).toBe(type);
});

test.each([
  "",
  "80",
  "a1 01",
  "7f",
  "81",
  "81 61",
  "81 20",
  "81 18",
  "81 190100",
  "81 1900",
  "81 1a01000030",
  "81 1c",
  "9c 06",
  "d9d9f8 81 06",
  "d9d9f7",
])("%s has none", (hex) => {
  expect(peekCbor(octetsOf(hex))).toBe(-1);
});

test("a string has none", () => {
  expect(peekCbor("\x81\x06")).toBe(-1);
});

test("lists and maps are recognized by their first octet", () => {
  const octets = Array.from({ length: 256 }, (_, octet) => octet);
  const ofKind = (kind: string) => octets.filter((octet) => cborKindOf(octet) === kind);
  expect(ofKind("list")).toEqual(octets.slice(0x80, 0xa0));
  expect(ofKind("map")).toEqual(octets.slice(0xa0, 0xc0));
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
