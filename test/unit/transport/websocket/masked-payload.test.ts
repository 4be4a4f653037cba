import { expect, test } from "bun:test";
import { giveOctets, shareOctets } from "#base/octet-ownership.ts";
import { masked, newMaskingKey } from "#transport/websocket/masked-payload.ts";

const KEY = 0x01_02_03_fa;
const expected = (octets: Uint8Array) =>
  octets.map((octet, at) => octet ^ ([1, 2, 3, 0xfa][at & 3] as number));

test.each([0, 5, 1000, 65_536, 65_537, 200_000])("%d octets are masked in a copy", (length) => {
  const payload = Uint8Array.from({ length }, (_, at) => at);
  const before = payload.slice();
  expect(Buffer.compare(masked(payload, KEY), expected(before))).toBe(0);
  expect(Buffer.compare(masked(shareOctets(payload), KEY), expected(before))).toBe(0);
  expect(Buffer.compare(payload, before)).toBe(0);
});

test("a long payload that was given is masked in place", () => {
  const payload = Uint8Array.from({ length: 200_000 }, (_, at) => at);
  const wanted = expected(payload);
  expect(masked(giveOctets(payload), KEY)).toBe(payload);
  expect(Buffer.compare(payload, wanted)).toBe(0);
});

test("keys do not repeat", () => {
  const drawn = new Set(Array.from({ length: 1000 }, newMaskingKey));
  expect(drawn.size).toBeGreaterThan(990);
});
